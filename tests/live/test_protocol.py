"""The frames of the live socket: what is followed arrives, what is malformed is refused in words."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import transaction

from apps.core import live
from apps.core.db.scope import use_clinic
from telek import live_limits
from telek.consumers import LiveConsumer
from tests.cast import Cast
from tests.live.topics import OFFER, add

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture(autouse=True)
def _topics(offer: Callable[..., None]) -> None:
    offer(OFFER)


@database_sync_to_async
def write(cast: Cast, rows: list[tuple[str, Any]], topic: str = "", **hint: Any) -> None:
    """As another process would: rows, and a hint after commit when a topic is named."""
    with use_clinic(cast.clinic.pk), transaction.atomic():
        for name, value in rows:
            add(cast.clinic.pk, name, value)
        if topic:
            live.publish(topic, **hint)


def notes(start: int, end: int) -> list[tuple[str, Any]]:
    return [(f"note.{number:06}", f"text {number}") for number in range(start, end)]


async def test_a_log_is_sent_from_the_cursor_and_goes_on_live(cast: Cast, open_socket: Any) -> None:
    await write(cast, notes(1, 4))
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=1)
    assert [row["seq"] for row in (await socket.hear("rows"))["rows"]] == [2, 3]
    await write(cast, notes(4, 5), "notes", head=4)
    frame = await socket.hear("rows")
    assert (frame["rows"], frame["head"]) == ([{"seq": 4, "text": "text 4"}], 4)


async def test_a_lost_hint_is_healed_by_the_next_ping(cast: Cast, open_socket: Any) -> None:
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=0)
    assert (await socket.hear("rows"))["head"] == 0
    await write(cast, notes(1, 3))
    await socket.say(type="ping", heads={"notes": 0})
    assert [row["seq"] for row in (await socket.hear("rows"))["rows"]] == [1, 2]


async def test_a_cursor_beyond_the_head_begins_again(cast: Cast, open_socket: Any) -> None:
    await write(cast, notes(1, 3))
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=999)
    frame = await socket.hear("rows")
    assert frame["reset"] is True
    assert [row["seq"] for row in frame["rows"]] == [1, 2]


async def test_only_one_page_is_under_way_until_the_client_confirms_it(cast: Cast, open_socket: Any) -> None:
    await write(cast, notes(1, 501))
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=0)
    first = await socket.hear("rows")
    assert (len(first["rows"]), first["head"]) == (200, 500)
    assert await socket.communicator.receive_nothing(timeout=0.3)
    await socket.say(type="got", topic="notes", seq=200)
    assert (await socket.hear("rows"))["rows"][-1]["seq"] == 400
    await socket.say(type="got", topic="notes", seq=10**9)
    assert (await socket.hear("rows"))["rows"][-1]["seq"] == 500


async def test_a_client_that_never_confirms_is_let_go(
    cast: Cast, open_socket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LiveConsumer, "limits", replace(LiveConsumer.limits, slow_s=0.3, tick_s=0.1))
    await write(cast, notes(1, 402))
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=0)
    assert await socket.closed() == 4429


async def test_a_state_is_sent_whole_then_only_what_changed(cast: Cast, open_socket: Any) -> None:
    await write(cast, [("board.a", {"version": 1, "html": "<b>a</b>"}), ("board.b", {"version": 1, "html": "b"})])
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="board")
    whole = await socket.hear("state")
    assert (whole["full"], [row["id"] for row in whole["rows"]]) == (True, ["a", "b"])
    await write(cast, [("board.a", {"version": 2, "html": "<b>A</b>"})], "board", id="a")
    changed = await socket.hear("state")
    assert (changed["full"], changed["rows"]) == (False, [{"id": "a", "version": 2, "html": "<b>A</b>"}])


async def test_a_row_that_left_the_state_is_said_to_be_gone(cast: Cast, open_socket: Any) -> None:
    await write(cast, [("board.a", {"version": 1, "html": "a"}), ("board.b", {"version": 1, "html": "b"})])
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="board")
    await socket.hear("state")
    await write(cast, [("board.a", {"version": 2, "html": ""})], "board", id="a")
    assert (await socket.hear("state"))["rows"] == [{"id": "a", "version": 2, "gone": True}]
    await write(cast, [("board.b", {"version": 2, "html": ""})])
    await socket.say(type="ping", heads={})
    assert (await socket.hear("state"))["rows"] == [{"id": "b", "version": None, "gone": True}]


async def test_a_client_that_brings_its_versions_gets_only_the_difference(cast: Cast, open_socket: Any) -> None:
    await write(cast, [("board.a", {"version": 3, "html": "a"}), ("board.b", {"version": 1, "html": "b"})])
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="board", have={"a": 2, "b": 1, "c": 4})
    frame = await socket.hear("state")
    assert frame["full"] is False
    assert [row["id"] for row in frame["rows"]] == ["a", "c"]


async def test_a_relayed_frame_reaches_the_others_and_not_its_sender(cast: Cast, open_socket: Any) -> None:
    one, other = await open_socket(cast.nurse), await open_socket(cast.therapist)
    for socket in (one, other):
        await socket.say(type="follow", topic="signals")
        await socket.say(type="ping", heads={})
        await socket.hear("pong")
    await one.say(type="relay", topic="signals", frame={"kind": "offer", "smuggled": 1})
    heard = await other.hear("relay")
    assert (heard["frame"], heard["from"]) == ({"kind": "offer"}, str(cast.nurse.pk))
    assert await one.communicator.receive_nothing(timeout=0.3)


async def test_a_command_is_done_only_after_commit(cast: Cast, open_socket: Any) -> None:
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=0)
    await socket.hear("rows")
    await socket.say(type="command", name="notes.write", id="c1", text="hello")
    frames = [await socket.hear("done", "rows") for _ in range(2)]
    done = next(frame for frame in frames if frame["type"] == "done")
    assert (done["id"], done["seq"]) == ("c1", 1)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"name": "notes.write", "id": "c1", "text": 5}, "invalid"),
        ({"name": "notes.fail", "id": "c1"}, "unavailable"),
        ({"name": "no.such", "id": "c1"}, "unknown"),
    ],
)
async def test_a_command_that_cannot_be_done_is_refused_by_its_id(
    cast: Cast, open_socket: Any, frame: dict[str, Any], code: str
) -> None:
    socket = await open_socket(cast.nurse)
    await socket.say(type="command", **frame)
    refused = await socket.hear("refused")
    assert (refused["id"], refused["code"]) == ("c1", code)
    await socket.say(type="ping", heads={})
    await socket.hear("pong")


BAD = [
    " ",
    "nonsense",
    "[]",
    "null",
    "3",
    '"text"',
    "{}",
    '{"type":null}',
    '{"type":"nothing-like-it"}',
    '{"type":"follow"}',
    '{"type":"follow","topic":7}',
    '{"type":"follow","topic":"thread:not-a-uuid"}',
    '{"type":"follow","topic":"../../etc"}',
    '{"type":"follow","topic":"notes","after":-1}',
    '{"type":"follow","topic":"notes","after":1.5}',
    '{"type":"follow","topic":"notes","after":"1"}',
    '{"type":"follow","topic":"notes","after":9223372036854775808}',
    '{"type":"follow","topic":"notes","after":NaN}',
    '{"type":"follow","topic":"notes","after":true}',
    '{"type":"follow","topic":"board","have":[]}',
    '{"type":"follow","topic":"no-such-topic"}',
    '{"type":"follow","topic":"thread:018f0000-0000-7000-8000-000000000000"}',
    '{"type":"relay","topic":"signals"}',
    '{"type":"relay","topic":"signals","frame":{"kind":4}}',
    '{"type":"relay","topic":"notes","frame":{}}',
    '{"type":"command"}',
    '{"type":"command","name":{"a":1},"id":[1]}',
    "[" * 10_000,
    '{"type":' + "[" * 8_000 + "]" * 8_000 + "}",
    '{"type":"follow","topic":"notes\\u0000"}',
    '{"type":"follow","topic":"\\ud800"}',
]


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
async def test_a_bad_frame_is_refused_in_words_and_the_socket_lives_on(cast: Cast, open_socket: Any, text: str) -> None:
    socket = await open_socket(cast.nurse)
    await socket.communicator.send_to(text_data=text)
    refused = await socket.hear("refused")
    assert refused["code"] in {"bad-frame", "not-found", "invalid", "unknown"}
    assert refused["message"]
    await socket.say(type="ping", heads={})
    await socket.hear("pong")


async def test_binary_is_refused_and_an_oversized_frame_closes(cast: Cast, open_socket: Any) -> None:
    socket = await open_socket(cast.nurse)
    await socket.communicator.send_to(bytes_data=b"\x00\xff")
    assert (await socket.hear("refused"))["code"] == "bad-frame"
    await socket.communicator.send_to(text_data=json.dumps({"type": "ping", "pad": "x" * 16_384}))
    assert await socket.closed() == 4413


async def test_a_client_that_talks_too_fast_is_closed(cast: Cast, open_socket: Any) -> None:
    socket = await open_socket(cast.nurse)
    for _ in range(60):
        await socket.say(type="unfollow", topic="notes")
    assert await socket.closed() == 4429


async def test_sockets_that_died_unseen_do_not_keep_their_person_out(cast: Cast, open_socket: Any) -> None:
    async def gone(_message: Any) -> None:
        raise OSError("the client is gone")

    for _ in range(5):
        await open_socket(cast.nurse)
    for consumer in live_limits._open[cast.nurse.pk]:
        consumer.send = gone
    for _ in range(7):
        newest = await open_socket(cast.nurse)
    await newest.say(type="ping", heads={})
    assert (await newest.hear("pong"))["database"] is True


async def test_a_silent_client_is_closed_as_idle(cast: Cast, open_socket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveConsumer, "limits", replace(LiveConsumer.limits, idle_s=0.3, tick_s=0.1))
    socket = await open_socket(cast.nurse)
    assert await socket.closed() == 4408


async def test_a_socket_that_was_quiet_for_seven_seconds_still_hears(cast: Cast, open_socket: Any) -> None:
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="notes", after=0)
    await socket.hear("rows")
    await asyncio.sleep(7)
    await write(cast, notes(1, 2), "notes", head=1)
    assert (await socket.hear("rows"))["head"] == 1


async def test_the_sixth_socket_of_a_person_closes_the_oldest(cast: Cast, open_socket: Any) -> None:
    sockets = [await open_socket(cast.nurse) for _ in range(6)]
    assert await sockets[0].closed() == 4409
    await sockets[5].say(type="ping", heads={})
    await sockets[5].hear("pong")


async def test_the_pong_says_how_old_the_last_clean_cycle_of_an_engine_is(cast: Cast, open_socket: Any) -> None:
    socket = await open_socket(cast.nurse)
    await socket.say(type="ping", heads={})
    pong = await socket.hear("pong")
    assert pong["engine_age_s"] is None
    assert pong["live"] is True
