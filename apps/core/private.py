"""Pages that a link opens: no copy, no trace in a referrer or a search engine."""

from typing import TypeVar

from django.http import HttpResponse

R = TypeVar("R", bound=HttpResponse)


def private(response: R, *, referrer: str = "no-referrer") -> R:
    """For pages that a link opens.

    A page with a form of ours says referrer="same-origin", which tells other sites as little: without any referrer
    a browser sends "Origin: null" with a form, and the check against forgery refuses it.
    """
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = referrer
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
