"""Text messages and calls in the shape of Twilio's API (2010-04-01), which several providers speak.

Form-encoded POST to Accounts/<account>/Messages.json or Calls.json with basic authentication; 201 carries {"sid"},
a refusal {"code"}. The API has no idempotency key: the delivery's own stands in the StatusCallback, and a page its
code in the text, so that a repeat is seen as one. A call speaks the text itself (no page of ours is fetched when the
telephone rings) and asks for a key press, which comes to /provider/twilio/key/<delivery>/.
"""

from collections.abc import Sequence
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from apps.notifications.models import Channel
from apps.notifications.transports import Accepted, Letter
from apps.notifications.transports.wire import Wire, answer_of, ensure_accepted, number_in, outcomes

RING_SECONDS: Final = 40
KEY_SECONDS: Final = 15
CALLBACKS: Final = "/provider/twilio"


class Twilio:
    """Messages for `sms`, calls for `voice`."""

    def __init__(self) -> None:
        self._wire = Wire()

    def send(self, letter: Letter) -> Accepted:
        url, request = _request(letter)
        return _accepted(self._wire.post(url, **request))

    def send_together(self, letters: Sequence[Letter]) -> list[Accepted | BaseException]:
        return outcomes(self._wire.post_together([_request(letter) for letter in letters]), _accepted)


def _request(letter: Letter) -> tuple[str, dict[str, Any]]:
    call = letter.channel == Channel.VOICE
    address = (
        f"{settings.TWILIO_URL}/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT}/{'Calls' if call else 'Messages'}.json"
    )
    account = (settings.TWILIO_ACCOUNT, settings.TWILIO_TOKEN)
    return address, {"auth": account, "data": _call(letter) if call else _message(letter)}


def _accepted(response: httpx.Response) -> Accepted:
    ensure_accepted(response, code=_code_in(response))
    return Accepted(provider_id=number_in(response, "sid"))


def _message(letter: Letter) -> dict[str, str]:
    return _shared(letter) | {"From": settings.TWILIO_FROM, "Body": letter.body}


def _call(letter: Letter) -> dict[str, str]:
    return _shared(letter) | {
        "From": settings.TWILIO_VOICE_FROM,
        "Timeout": str(RING_SECONDS),
        "StatusCallbackEvent": "completed",
        "Twiml": spoken(letter),
    }


def _shared(letter: Letter) -> dict[str, str]:
    return {"To": letter.address, "StatusCallback": f"{settings.PUBLIC_URL}{CALLBACKS}/status/{letter.key}/"}


def spoken(letter: Letter) -> str:
    """What the call says: the text twice, and that pressing 1 takes it."""
    text = escape(f"{letter.body} {_('To take it, press 1.')}")
    action = quoteattr(f"{settings.PUBLIC_URL}{CALLBACKS}/key/{letter.key}/")
    return (
        f'<Response><Gather numDigits="1" timeout="{KEY_SECONDS}" action={action}>'
        f"<Say>{text}</Say><Pause/><Say>{text}</Say></Gather></Response>"
    )


def _code_in(response: httpx.Response) -> str:
    """The provider's number for the fault (21610: that telephone has said STOP)."""
    code = answer_of(response).get("code") if response.is_error else None
    return str(code) if isinstance(code, int) else ""
