"""One POST to a provider, within a time limit that covers the whole exchange, and what its answer means."""

import asyncio
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from http import HTTPStatus
from importlib.util import find_spec
from typing import Any, Final

import httpx
from django.conf import settings

from apps.notifications.transports import Accepted, Refused, Unclear

# Answers about this very letter. Others (a wrong token, too many requests) are about the line, and pass.
LASTING: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.GONE,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
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
# httpcore looks for sniffio several times a request and goes on without it; where it is not installed, each look searches
# every folder of sys.path. Said once that it is absent, Python knows at once: half the CPU of a request.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]
# An idle connection that the provider is about to close would make an innocent request unclear.
KEEP_IDLE_SECONDS: Final = 2.0


class Wire:
    """Each thread keeps an event loop and a client, because only there a time limit covers the whole exchange."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    def post(self, url: str, **request: Any) -> httpx.Response:
        """The provider's answer, whatever its status. Raises Refused (nothing left) or Unclear."""
        return self._runner().run(self._post(url, request))

    def post_together(self, requests: Sequence[tuple[str, dict[str, Any]]]) -> list[httpx.Response | BaseException]:
        """All at the same time, each within the limit of one: for each its answer or what `post` would have raised."""
        return self._runner().run(self._post_all(requests))

    async def _post_all(self, requests: Sequence[tuple[str, dict[str, Any]]]) -> list[httpx.Response | BaseException]:
        posts = [self._post(url, request) for url, request in requests]
        return await asyncio.gather(*posts, return_exceptions=True)

    async def _post(self, url: str, request: dict[str, Any]) -> httpx.Response:
        client = self._client()  # the first time it reads certificates, which is no time of the provider's
        try:
            async with asyncio.timeout(settings.SEND_TIMEOUT_SECONDS):
                return await client.post(url, **request)
        except NOT_SENT as error:
            raise Refused(f"provider: {type(error).__name__}") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unclear(f"provider: {type(error).__name__}") from error

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


def ensure_accepted(response: httpx.Response, *, lasting: Collection[int] = LASTING, code: str = "") -> None:
    """Raises Refused or Unclear for anything but a 2xx. code: the provider's own, for the record."""
    status = response.status_code
    if response.is_success:
        return
    if status in UNCLEAR:
        raise Unclear(f"provider: {status}")
    raise Refused(f"provider: {status} {code}".strip(), lasting=status in lasting)


def outcomes(
    answers: Sequence[httpx.Response | BaseException], accepted: Callable[[httpx.Response], Accepted]
) -> list[Accepted | BaseException]:
    """What `accepted` makes of each answer of `post_together`; whatever it raises stands in that place."""
    return [_outcome(answer, accepted) for answer in answers]


def _outcome(
    answer: httpx.Response | BaseException, accepted: Callable[[httpx.Response], Accepted]
) -> Accepted | BaseException:
    if isinstance(answer, BaseException):
        return answer
    try:
        return accepted(answer)
    except (Refused, Unclear) as error:
        return error


def answer_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of the answer; empty for anything else: an accepted message stays accepted."""
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def number_in(response: httpx.Response, name: str) -> str:
    """The provider's own number for the message, as a text column takes it."""
    number = str(answer_of(response).get(name) or "")
    return "".join(letter for letter in number if letter.isprintable())[:200]
