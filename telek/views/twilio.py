"""What a provider in Twilio's shape tells: the fate of a message or call, a key pressed in a call, a text that came in.

Form-encoded POST. X-Twilio-Signature is the base64 HMAC-SHA1, under settings.TWILIO_TOKEN, of the address with every
parameter's name and value behind it, sorted. The signature carries no time: a repeat is harmless because a receipt
never goes backwards, a page accepts once and a text switches once (by its MessageSid), and a Timestamp, where one is
sent, must be of the last five minutes.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID
from xml.sax.saxutils import escape

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts.doors import public
from apps.alerts.actions.accepting import Outcome, accept
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.notifications.keys import clinic_of
from telek import heard, inbound

MOST_BYTES: Final = 16_384
MOST_AGE_SECONDS: Final = 300
TAKE_KEY: Final = "1"
# The provider's word -> ours. "completed" is none of them: a mailbox completes a call, and has woken nobody.
MEANS: Final = {
    "delivered": heard.DELIVERED,
    "read": heard.OPENED,
    **dict.fromkeys(("undelivered", "failed", "busy", "no-answer", "canceled"), heard.FAILED),
}
View = Callable[..., HttpResponseBase]


def signed(view: View) -> View:
    """Only what the provider signed, small, fresh and for our account; in words otherwise, never an error."""

    @public("the provider signs what it sends")
    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.TWILIO_TOKEN:
            raise Http404
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")
        if not _is_signed(request):
            return _refused(HTTPStatus.FORBIDDEN, "not signed by the provider")
        if request.POST.get("AccountSid", settings.TWILIO_ACCOUNT) != settings.TWILIO_ACCOUNT:
            return _refused(HTTPStatus.FORBIDDEN, "another account")
        if _is_stale(request.POST.get("Timestamp")):
            return _refused(HTTPStatus.FORBIDDEN, "too old")
        return view(request, *args, **kwargs)

    return guarded


@signed
def status(request: HttpRequest, key: UUID) -> HttpResponse:
    """204 when noted or of no interest, 404 for a key that nobody has."""
    word = request.POST.get("MessageStatus") or request.POST.get("CallStatus") or ""
    known = heard.note(key, MEANS.get(word, ""))
    return HttpResponse(status=HTTPStatus.NO_CONTENT) if known else _refused(HTTPStatus.NOT_FOUND, "unknown message")


@signed
def key_press(request: HttpRequest, key: UUID) -> HttpResponse:
    """The key pressed in a call: 1 takes the alert in the name of the person called. The answer is spoken."""
    clinic_id = clinic_of(key)
    if clinic_id is None:
        return _refused(HTTPStatus.NOT_FOUND, "unknown call")
    if request.POST.get("Digits") != TAKE_KEY:
        return _say(_("Nobody has taken it. You will be called again."))
    with use_clinic(clinic_id), transaction.atomic():
        page = accept(delivery_id=key, way="call")
    return _say(
        {
            Outcome.YOURS: _("Thank you. The alert is yours. Please open Telek now."),
            Outcome.TAKEN: _("A colleague has it already. Thank you."),
            Outcome.CLOSED: _("It is closed already. Thank you."),
        }.get(page.outcome or Outcome.OVER, _("This call can no longer take it. Please open Telek now."))
    )


@signed
def text_in(request: HttpRequest) -> HttpResponse:
    """A text message to the clinic's number: STOP and START are done, and what was done is answered."""
    told = request.POST
    words = inbound.hear(sender=told.get("From", ""), body=told.get("Body", ""), key=told.get("MessageSid", "")[:64])
    return _xml(f"<Message>{escape(words)}</Message>" if words else "")


def signature(url: str, posted: QueryDict) -> str:
    """The header that an honest request carries."""
    values = [(name, value) for name in sorted(posted) for value in sorted(set(posted.getlist(name)))]
    text = url + "".join(name + value for name, value in values)
    digest = hmac.new(settings.TWILIO_TOKEN.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _is_signed(request: HttpRequest) -> bool:
    given = request.headers.get("X-Twilio-Signature", "")
    wanted = signature(f"{settings.PUBLIC_URL}{request.get_full_path()}", request.POST)
    return hmac.compare_digest(given.encode(), wanted.encode())


def _is_stale(stamp: str | None) -> bool:
    """An event of more than five minutes ago, or a time that is none."""
    if not stamp:
        return False
    try:
        then: datetime = parsedate_to_datetime(stamp)
        return abs((clock.now() - then).total_seconds()) > MOST_AGE_SECONDS
    except (TypeError, ValueError, OverflowError):
        return True


def _refused(code: HTTPStatus, why: str) -> HttpResponse:
    return HttpResponse(f"{why}\n", status=code, content_type="text/plain")


def _say(words: str) -> HttpResponse:
    return _xml(f"<Say>{escape(words)}</Say>")


def _xml(inside: str) -> HttpResponse:
    return HttpResponse(f"<Response>{inside}</Response>", content_type="text/xml")
