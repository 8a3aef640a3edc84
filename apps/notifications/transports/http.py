"""Text messages, pushes and calls by one JSON POST to settings.TRANSPORT_URL, the shape that providers share.

POST {"to", "channel", "subject", "body", "reference"} with a bearer token and `Idempotency-Key`; 2xx answers may
carry {"id"}. Any other answer is a refusal, save 502 and 504, which are as unclear as silence and a broken line.
"""

from collections.abc import Sequence
from typing import Any

import httpx
from django.conf import settings

from apps.notifications.transports import Accepted, Letter
from apps.notifications.transports.wire import Wire, ensure_accepted, number_in, outcomes


class Provider:
    """One JSON POST a letter."""

    def __init__(self) -> None:
        self._wire = Wire()

    def send(self, letter: Letter) -> Accepted:
        url, request = _request(letter)
        return _accepted(self._wire.post(url, **request))

    def send_together(self, letters: Sequence[Letter]) -> list[Accepted | BaseException]:
        return outcomes(self._wire.post_together([_request(letter) for letter in letters]), _accepted)


def _request(letter: Letter) -> tuple[str, dict[str, Any]]:
    body = {
        "to": letter.address,
        "channel": letter.channel,
        "subject": letter.subject,
        "body": letter.body,
        "reference": letter.key,
    }
    return settings.TRANSPORT_URL, {"headers": _headers(letter.key), "json": body}


def _accepted(response: httpx.Response) -> Accepted:
    ensure_accepted(response)
    return Accepted(provider_id=number_in(response, "id"))


def _headers(key: str) -> dict[str, str]:
    token = {"Authorization": f"Bearer {settings.TRANSPORT_TOKEN}"} if settings.TRANSPORT_TOKEN else {}
    return {"Idempotency-Key": key, **token}
