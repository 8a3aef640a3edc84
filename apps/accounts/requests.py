"""The request as views behind a door see it: a person who is signed in, in a clinic."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from apps.accounts.models import Clinic, User


class ClinicRequest(HttpRequest):
    """For annotations: `def page(request: ClinicRequest)`. link_clinic is set by one-tap links only."""

    user: User
    htmx: HtmxDetails
    link_clinic: Clinic | None


def safe_next(request: HttpRequest) -> str:
    """The page of ours that the form wants to go to, else home."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"
