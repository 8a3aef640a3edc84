"""Messages on the live socket: in order and once on every screen, answered only after commit, refused in words."""

from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import transaction

from apps.accounts.models import User
from apps.core.ids import new_id
from apps.messaging.actions import hand_over, mark_read, open_thread, send_message
from apps.messaging.models import Message, Thread
from telek.live_topics import OFFERS, commands, together, topic_named
from tests.cast import Cast
from tests.live.conftest import open_socket  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@database_sync_to_async
def opened(cast: Cast, patient: Any = None) -> Thread:
    with cast.acting(cast.nurse), transaction.atomic():
        return open_thread(patient=patient or cast.patient)


@database_sync_to_async
def written(cast: Cast, thread: Thread, user: User, *bodies: str) -> list[Message]:
    with cast.acting(user), transaction.atomic():
        return [send_message(thread=thread, body=body, client_id=new_id(), actor=user) for body in bodies]


@database_sync_to_async
def in_clinic(cast: Cast, ask: Any) -> Any:
    with cast.acting(cast.nurse), transaction.atomic():
        return ask()


def send(thread: Thread, body: Any, **more: Any) -> dict[str, Any]:
    fields = {"thread": str(thread.pk), "client_id": str(new_id()), "body": body}
    return {"type": "command", "name": "chat.send", "id": "c1", **fields, **more}


async def test_everything_of_messages_is_offered() -> None:
    assert {"chat.send", "chat.read"} <= {*commands(), *together()}
    assert topic_named("thread").log
    assert topic_named("thread").state
    assert topic_named("threads").state
    assert any("thread" in (offer.logs or {}) for offer in OFFERS)


async def test_a_message_is_answered_after_commit_and_reaches_every_screen_in_order(
    cast: Cast,
    open_socket: Any,  # noqa: F811
) -> None:
    thread = await opened(cast)
    topic = f"thread:{thread.pk}"
    patient, nurse = await open_socket(cast.patient_user), await open_socket(cast.nurse)
    for socket in (patient, nurse):
        await socket.say(type="follow", topic=topic, after=0)
        assert (await socket.hear("rows"))["head"] == 0
    await patient.say(**send(thread, "Hello\r\nthere "))
    done = await patient.hear("done", "refused")
    assert (done["type"], done["id"], done["seq"]) == ("done", "c1", 1)
    assert "crisis" not in done
    assert await in_clinic(cast, lambda: Message.objects.get(seq=1).body) == "Hello\nthere"
    (row,) = (await nurse.hear("rows"))["rows"]
    assert (row["seq"], row["body"], row["own"], row["from_patient"]) == (1, "Hello\nthere", False, True)
    assert (row["sender"], row["client_id"], row["phrases"]) == ("Maria Alvarez", done["client_id"], [])
    await nurse.say(**send(thread, "Good morning"))
    rows = []
    while len(rows) < 2:
        rows += (await patient.hear("rows"))["rows"]
    assert [(row["seq"], row["own"]) for row in rows] == [(1, True), (2, False)]
    assert "phrases" not in rows[0]
    assert rows[1]["role"] == "nurse"


async def test_the_same_client_id_again_is_the_same_message_and_other_words_are_refused(
    cast: Cast,
    open_socket: Any,  # noqa: F811
) -> None:
    thread = await opened(cast)
    socket = await open_socket(cast.patient_user)
    key = str(new_id())
    answers = []
    for body in ("Hello", "Hello", "Goodbye"):
        await socket.say(**send(thread, body, client_id=key))
        answers.append(await socket.hear("done", "refused"))
    assert [answer.get("seq") for answer in answers] == [1, 1, None]
    assert answers[2]["code"] == "conflict"
    assert await in_clinic(cast, Message.objects.count) == 1


async def test_after_a_break_only_what_is_missing_comes(cast: Cast, open_socket: Any) -> None:  # noqa: F811
    thread = await opened(cast)
    await written(cast, thread, cast.nurse, "One", "Two", "Three")
    first = await open_socket(cast.patient_user)
    await first.say(type="follow", topic=f"thread:{thread.pk}", after=0)
    assert [row["seq"] for row in (await first.hear("rows"))["rows"]] == [1, 2, 3]
    await first.communicator.disconnect()
    await written(cast, thread, cast.nurse, "Four", "Five")
    second = await open_socket(cast.patient_user)
    await second.say(type="follow", topic=f"thread:{thread.pk}", after=3)
    assert [row["body"] for row in (await second.hear("rows"))["rows"]] == ["Four", "Five"]


async def test_a_phrase_of_danger_is_answered_with_the_word_that_help_is_to_be_shown(
    cast: Cast,
    open_socket: Any,  # noqa: F811
) -> None:
    thread = await opened(cast)
    patient, nurse = await open_socket(cast.patient_user), await open_socket(cast.nurse)
    await patient.say(**send(thread, "I am suicidal"))
    assert (await patient.hear("done"))["crisis"] is True
    await nurse.say(**send(thread, "Do you feel suicidal now?"))
    assert "crisis" not in await nurse.hear("done")
    await nurse.say(type="follow", topic=f"thread:{thread.pk}", after=0)
    rows = (await nurse.hear("rows"))["rows"]
    assert [row["phrases"] for row in rows] == [["suicidal"], []]


async def test_each_side_hears_how_far_the_other_has_read(cast: Cast, open_socket: Any) -> None:  # noqa: F811
    thread = await opened(cast)
    await written(cast, thread, cast.patient_user, "Hello")
    patient, nurse = await open_socket(cast.patient_user), await open_socket(cast.nurse)
    await patient.say(type="follow", topic=f"thread:{thread.pk}", after=1)
    assert (await patient.hear("state"))["rows"][0]["read"]["seq"] == 0
    await nurse.say(type="command", name="chat.read", id="r", thread=str(thread.pk), seq=99)
    assert (await nurse.hear("done"))["seq"] == 1
    read = (await patient.hear("state"))["rows"][0]["read"]
    assert (read["seq"], read["name"]) == (1, "Rosa Osei")
    await nurse.say(type="follow", topic=f"thread:{thread.pk}", after=1)
    state = await nurse.hear("state")  # the patient has read their own message, no colleague counts
    assert state["rows"][0]["read"]["name"] == "Maria Alvarez"


async def test_the_desks_list_hears_of_messages_marks_and_hand_overs(cast: Cast, open_socket: Any) -> None:  # noqa: F811
    thread = await opened(cast)
    socket = await open_socket(cast.nurse)
    await socket.say(type="follow", topic="threads")
    assert (await socket.hear("state"))["rows"] == []
    await written(cast, thread, cast.patient_user, "I want to die")
    (row,) = (await socket.hear("state"))["rows"]
    assert (row["patient"], row["unread"], row["flagged"], row["owner"]) == ("Alvarez, Maria", 1, True, None)
    assert row["waiting_since"]
    await in_clinic(cast, lambda: mark_read(thread=thread, seq=1, actor=cast.nurse))
    assert (await socket.hear("state"))["rows"][0]["unread"] == 0
    to = cast.therapist.membership
    await in_clinic(cast, lambda: hand_over(thread=thread, to=to, reason="shift", actor=cast.nurse))
    assert (await socket.hear("state"))["rows"][0]["owner"] == "Jonas Lindqvist"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": ""}, "blank"),
        ({"body": None}, "blank"),
        ({"body": ["x"]}, "blank"),
        ({"body": "a\x00b"}, "bad-characters"),
        ({"body": "x" * 8193}, "too-long"),
        ({"client_id": "1"}, "client-id"),
        ({"client_id": None}, "client-id"),
        ({"thread": "nonsense"}, "not-found"),
        ({"thread": None}, "not-found"),
        ({"thread": "01a21036-bbb5-7e91-a56b-f30937064cc1"}, "not-found"),
    ],
)
async def test_a_malformed_message_is_refused_in_words_and_the_socket_lives(
    cast: Cast,
    open_socket: Any,  # noqa: F811
    changes: dict[str, Any],
    code: str,
) -> None:
    thread = await opened(cast)
    socket = await open_socket(cast.patient_user)
    await socket.say(**send(thread, "Hello") | changes)
    refused = await socket.hear("refused", "done")
    assert (refused["type"], refused["code"], bool(refused["message"])) == ("refused", code, True)
    await socket.say(**send(thread, "Hello"))
    assert (await socket.hear("done", "refused"))["seq"] == 1


@pytest.mark.parametrize("seq", ["1", -1, 2**63, 1.5, True, None])
async def test_a_read_mark_that_is_no_number_is_refused(cast: Cast, open_socket: Any, seq: Any) -> None:  # noqa: F811
    thread = await opened(cast)
    socket = await open_socket(cast.patient_user)
    await socket.say(type="command", name="chat.read", id="r", thread=str(thread.pk), seq=seq)
    assert (await socket.hear("refused", "done"))["code"] == "seq"


async def test_a_strangers_thread_can_be_neither_followed_nor_written_nor_marked(
    cast: Cast,
    open_socket: Any,  # noqa: F811
) -> None:
    thread = await opened(cast)
    await written(cast, thread, cast.patient_user, "Mine alone")
    strangers = (cast.patient_2_user, cast.other_patient_user, cast.other_prescriber, cast.clinic_admin)
    for user in strangers:
        socket = await open_socket(user)
        await socket.say(type="follow", topic=f"thread:{thread.pk}", after=0)
        assert (await socket.hear("rows", "state", "refused"))["code"] == "not-found"
        await socket.say(**send(thread, "Not mine"))
        assert (await socket.hear("done", "refused"))["code"] == "not-found"
        await socket.say(type="command", name="chat.read", id="r", thread=str(thread.pk), seq=1)
        assert (await socket.hear("done", "refused"))["code"] == "not-found"
    for user in (cast.patient_user, cast.clinic_admin):
        socket = await open_socket(user)
        await socket.say(type="follow", topic="threads")
        assert (await socket.hear("rows", "state", "refused"))["code"] == "not-found"
    assert await in_clinic(cast, Message.objects.count) == 1


async def test_who_writes_is_passed_on_and_touches_no_table(cast: Cast, open_socket: Any, monkeypatch: Any) -> None:  # noqa: F811
    thread = await opened(cast)
    topic = f"thread:{thread.pk}"
    patient, nurse = await open_socket(cast.patient_user), await open_socket(cast.nurse)
    for socket in (patient, nurse):
        await socket.say(type="follow", topic=topic, after=0)
        await socket.hear("rows")

    def no_table(*_args: Any) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr("telek.live_work.relay", no_table)
    await nurse.say(type="relay", topic=topic, frame={"kind": "typing", "name": "Somebody else"})
    heard = await patient.hear("relay", "refused")
    assert (heard["topic"], heard["frame"]) == (topic, {"kind": "typing", "name": "Rosa Osei"})
    await nurse.say(type="relay", topic=topic, frame={"kind": "words"})
    assert (await nurse.hear("relay", "refused"))["code"] == "invalid"
    monkeypatch.undo()
    stranger = await open_socket(cast.patient_2_user)
    await stranger.say(type="relay", topic=topic, frame={"kind": "typing"})
    assert (await stranger.hear("relay", "refused"))["code"] == "not-found"
