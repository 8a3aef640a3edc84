"""The one-tap link in a page: GET shows a button, POST takes the alert in the name of whom the page was sent to.

Whoever holds the link needs no sign-in and sees the code of the alert and nothing else. GET changes nothing, because
mail programs and messengers follow every link; POST carries no cookie's authority, so that it needs no CSRF token.
"""

from typing import Final
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import public
from apps.alerts.actions.accepting import Outcome, Page, accept, look_at
from apps.core.db.scope import use_clinic
from apps.notifications.keys import clinic_of, delivery_of_token

NOTHING: Final = Page("", Outcome.OVER)


@public("the link in a page is the key; it shows nothing clinical")
@csrf_exempt
@require_http_methods(["GET", "POST"])
def page_accept(request: HttpRequest, token: str) -> HttpResponse:
    """/p/<token>/. 200 whatever came of it, in words; 404 for a token that nobody made."""
    delivery_id = delivery_of_token(token)
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        delivery_id = None  # another site's doing
    page = _answer(delivery_id, take=request.method == "POST") if delivery_id else NOTHING
    status = 200 if page.code else 404
    context = {"page": page, "words": _words(page), "token": token}
    response = render(request, "pages/page_accept.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _answer(delivery_id: UUID, *, take: bool) -> Page:
    clinic_id = clinic_of(delivery_id)
    if clinic_id is None:
        return NOTHING
    with use_clinic(clinic_id), transaction.atomic():
        return accept(delivery_id=delivery_id, way="link") if take else look_at(delivery_id=delivery_id)


def _words(page: Page) -> tuple[str, str]:
    """A heading and a sentence."""
    if page.outcome is None:
        return _("Urgent alert %(code)s") % {"code": page.code}, _("Nobody has it yet. Can you take it now?")
    return {
        Outcome.YOURS: (_("You have it"), _("Nobody else is paged now. Open it and call.")),
        Outcome.TAKEN: (_("A colleague has it"), _("You do not need to do anything.")),
        Outcome.CLOSED: (_("It is closed"), _("You do not need to do anything.")),
        Outcome.OVER: (
            _("This link opens nothing now"),
            _("It is too old, was used before, or a part of it is missing. Open Telek, or wait for the next page."),
        ),
    }[page.outcome]
