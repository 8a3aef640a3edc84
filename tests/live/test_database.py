"""The live socket while PostgreSQL does not answer: it says so, tries again, and heals."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from apps.core.topics import Offer
from tests.cast import Cast
from tests.databases import superuser_url
from tests.live.topics import OFFER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture(autouse=True)
def _topics(offer: Callable[[Offer], None]) -> None:
    offer(OFFER)


async def test_a_database_that_does_not_answer_is_said_and_the_socket_heals(cast: Cast, open_socket: Any) -> None:
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=0)
    await socket.hear("rows")
    async with await psycopg.AsyncConnection.connect(superuser_url()) as lock:
        await lock.execute("lock table accounts_clinicsetting in access exclusive mode")
        await socket.say(type="ping", heads={})
        status = await socket.hear("status")
        while status["database"]:
            status = await socket.hear("status")
        await socket.say(type="command", name="notes.write", id="c1", text="kept by the client")
        assert (await socket.hear("refused"))["code"] == "unavailable"
    while not status["database"]:
        status = await socket.hear("status")
    await socket.say(type="command", name="notes.write", id="c2", text="now")
    assert (await socket.hear("done"))["seq"] == 1


async def test_a_topic_that_fails_is_said_and_stops_no_other(
    cast: Cast, open_socket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert OFFER.states
    monkeypatch.setattr(OFFER.states["board"], "rows", lambda user, key, only: [][0])
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="board")
    assert (await socket.hear("refused"))["code"] == "failed"
    await socket.say(type="follow", topic="notes", after=0)
    assert (await socket.hear("rows"))["head"] == 0
