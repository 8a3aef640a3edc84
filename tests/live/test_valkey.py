"""The live socket while Valkey is away: it lives, says so, reads by itself, and heals. A real Valkey behind a proxy."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio
from channels.db import database_sync_to_async
from django.conf import settings as real_settings
from django.db import transaction

from apps.core import live
from apps.core.db.scope import use_clinic
from apps.core.topics import Offer
from telek import live_hints
from telek.consumers import LiveConsumer
from tests.cast import Cast
from tests.live.topics import OFFER, add

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


class Proxy:
    """Stands before the real Valkey: up, down (refuses, cuts) or frozen (takes, and never answers)."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0

    async def up(self) -> None:
        self._flowing.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    def freeze(self) -> None:
        self._flowing.clear()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._upstream.hostname, self._upstream.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await self._connect()
        self._writers |= {writer, back_writer}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pass(reader, back_writer), self._pass(back_reader, writer))
        self._writers -= {writer, back_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


@pytest_asyncio.fixture
async def valkey(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    proxy = Proxy(real_settings.REDIS_URL)
    await proxy.up()
    parts = urlsplit(real_settings.REDIS_URL)
    credentials = parts.netloc.rpartition("@")[0]
    settings.REDIS_URL = urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{proxy.port}"))
    live._redis.cache_clear()
    monkeypatch.setattr(LiveConsumer, "limits", replace(LiveConsumer.limits, blind_s=0.5, tick_s=0.1))
    yield proxy
    await proxy.down()
    live._redis.cache_clear()


@pytest.fixture(autouse=True)
def _topics(offer: Callable[[Offer], None]) -> None:
    offer(OFFER)


@database_sync_to_async
def write(cast: Cast, number: int) -> None:
    """A note and its hint, which may fall on deaf ears; the note is kept all the same."""
    with use_clinic(cast.clinic.pk), transaction.atomic():
        add(cast.clinic.pk, f"note.{number:06}", f"text {number}")
        live.publish("notes", head=number)


async def test_with_a_dead_valkey_the_socket_opens_says_so_and_reads_by_itself(
    cast: Cast, valkey: Proxy, open_socket: Any
) -> None:
    await valkey.down()
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=0)
    assert (await socket.hear("rows"))["head"] == 0
    await socket.say(type="ping", heads={})
    assert (await socket.hear("pong"))["live"] is False
    await write(cast, 1)
    assert (await socket.hear("rows"))["rows"] == [{"seq": 1, "text": "text 1"}]


async def test_commands_and_relays_work_while_valkey_is_dead(cast: Cast, valkey: Proxy, open_socket: Any) -> None:
    await valkey.down()
    one, other = await open_socket(cast.nurse), await open_socket(cast.therapist)
    await other.say(type="follow", topic="signals")
    await other.say(type="ping", heads={})
    await other.hear("pong")
    await one.say(type="relay", topic="signals", frame={"kind": "offer"})
    assert (await other.hear("relay"))["frame"] == {"kind": "offer"}
    await one.say(type="command", name="notes.write", id="c1", text="kept")
    assert (await one.hear("done"))["seq"] == 1


async def test_a_valkey_that_dies_and_returns_is_said_and_nothing_is_lost(
    cast: Cast, valkey: Proxy, open_socket: Any
) -> None:
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=0)
    await socket.hear("rows")
    await valkey.down()
    status = await socket.hear("status")
    while status["live"]:
        status = await socket.hear("status")
    await write(cast, 1)
    assert [row["seq"] for row in (await socket.hear("rows"))["rows"]] == [1]
    await valkey.up()
    while not status["live"]:
        status = await socket.hear("status")
    await write(cast, 2)
    assert [row["seq"] for row in (await socket.hear("rows"))["rows"]] == [2]


async def test_a_frozen_valkey_is_noticed(
    cast: Cast, valkey: Proxy, open_socket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hints, "SILENT_SECONDS", 2.0)
    monkeypatch.setattr(live_hints, "PING_EVERY_SECONDS", 0.5)
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=0)
    await socket.hear("rows")
    valkey.freeze()
    status = await socket.hear("status")
    while status["live"]:
        status = await socket.hear("status")
    await write(cast, 1)
    assert [row["seq"] for row in (await socket.hear("rows"))["rows"]] == [1]
