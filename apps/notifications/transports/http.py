"""Text messages, pushes and calls by one JSON POST to settings.TRANSPORT_URL, the shape that providers share.

POST {"to", "channel", "subject", "body", "reference"} with a bearer token and `Idempotency-Key`; 2xx answers may
carry {"id"}. Any other answer is a refusal, save 502 and 504, which are as unclear as silence and a broken line.
"""

import asyncio
import threading
from http import HTTPStatus
from typing import Final

import httpx
from django.conf import settings

from apps.notifications.transports import Accepted, Letter, Refused, Unclear

# Answers about this very letter. Others (a wrong token, too many requests) are about the line, and pass.
LASTING: Final = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.GONE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
UNCLEAR: Final = {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
# The request did not leave: nobody answers there, or the settings make no request of it.
NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
# An idle connection that the provider is about to close would make an innocent request unclear.
KEEP_IDLE_SECONDS: Final = 2.0


class Provider:
    """Each thread keeps an event loop and a client, because only there a time limit covers the whole exchange."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    def send(self, letter: Letter) -> Accepted:
        try:
            response = self._runner().run(self._post(letter))
        except NOT_SENT as error:
            raise Refused(f"provider: {type(error).__name__}") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unclear(f"provider: {type(error).__name__}") from error
        return _meaning(response)

    async def _post(self, letter: Letter) -> httpx.Response:
        async with asyncio.timeout(settings.SEND_TIMEOUT_SECONDS):
            return await self._client().post(
                settings.TRANSPORT_URL,
                headers=_headers(letter.key),
                json={
                    "to": letter.address,
                    "channel": letter.channel,
                    "subject": letter.subject,
                    "body": letter.body,
                    "reference": letter.key,
                },
            )

    def _runner(self) -> asyncio.Runner:
        if not hasattr(self._of_thread, "runner"):
            self._of_thread.runner = asyncio.Runner()
        runner: asyncio.Runner = self._of_thread.runner
        return runner

    def _client(self) -> httpx.AsyncClient:
        if not hasattr(self._of_thread, "client"):
            self._of_thread.client = httpx.AsyncClient(
                timeout=settings.SEND_TIMEOUT_SECONDS,
                limits=httpx.Limits(keepalive_expiry=KEEP_IDLE_SECONDS),
                trust_env=False,
            )
        client: httpx.AsyncClient = self._of_thread.client
        return client


def _headers(key: str) -> dict[str, str]:
    token = {"Authorization": f"Bearer {settings.TRANSPORT_TOKEN}"} if settings.TRANSPORT_TOKEN else {}
    return {"Idempotency-Key": key, **token}


def _meaning(response: httpx.Response) -> Accepted:
    status = response.status_code
    if response.is_success:
        return Accepted(provider_id=_id_in(response))
    if status in UNCLEAR:
        raise Unclear(f"provider: {status}")
    raise Refused(f"provider: {status}", lasting=status in LASTING)


def _id_in(response: httpx.Response) -> str:
    """The provider's own number for the message. Whatever stands there, an accepted message stays accepted."""
    try:
        found = response.json()
    except ValueError:
        return ""
    number = str(found.get("id") or "") if isinstance(found, dict) else ""
    return "".join(letter for letter in number if letter.isprintable())[:200]
