"""A live socket of the real application, over the real database and Valkey."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings

from apps.accounts.models import User
from apps.core.topics import Offer
from telek import live_topics
from tests.cast import Cast
from tests.waiting import PATIENCE_SECONDS


class Socket:
    """A client of /ws/: JSON in and out, pings and pongs included."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator

    async def say(self, **frame: Any) -> None:
        await self.communicator.send_to(text_data=json.dumps(frame))

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of the kinds; others are passed over."""
        while True:
            frame = json.loads(await self.communicator.receive_from(timeout=PATIENCE_SECONDS))
            if frame["type"] in kinds:
                return frame

    async def closed(self) -> int:
        """The code with which the server closes."""
        while True:
            output = await self.communicator.receive_output(timeout=PATIENCE_SECONDS)
            if output["type"] == "websocket.close":
                return output["code"]


def communicator_for(cast: Cast, user: User | None, origin: str | None = "ours") -> WebsocketCommunicator:
    """A client with the person's session cookie; origin "ours" is the allowed one."""
    from telek.asgi import application

    cookies = cast.client(user).cookies.output(header="", sep=";") if user else ""
    headers = [(b"cookie", cookies.strip().encode())]
    if origin is not None:
        headers.append((b"origin", (settings.SOCKET_ORIGINS[0] if origin == "ours" else origin).encode()))
    return WebsocketCommunicator(application, "/ws/", headers=headers)


@pytest_asyncio.fixture
async def open_socket(cast: Cast) -> AsyncIterator[Callable[..., Any]]:
    """`await open_socket(user)` gives a Socket that was welcomed."""
    opened = []

    async def connect(user: User) -> Socket:
        communicator = await database_sync_to_async(communicator_for)(cast, user)
        accepted, _ = await communicator.connect(timeout=PATIENCE_SECONDS)
        assert accepted
        socket = Socket(communicator)
        await socket.hear("welcome")
        opened.append(socket)
        return socket

    yield connect
    for socket in opened:
        with suppress(asyncio.CancelledError):  # a consumer that a failed test cancelled says so here
            await socket.communicator.disconnect()


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Offer], None]:
    """Serve these topics besides the product's own, for one test."""

    def serve(extra: Offer) -> None:
        monkeypatch.setattr(live_topics, "OFFERS", [*live_topics.OFFERS, extra])
        live_topics.topic_named.cache_clear()
        live_topics.commands.cache_clear()

    yield serve
    live_topics.topic_named.cache_clear()
    live_topics.commands.cache_clear()
