"""Many messages in one commit: numbered, judged and written down as if each had come alone; a bad one fails alone."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from django.db import IntegrityError, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Membership, User
from apps.alerts.models import Alert
from apps.audit.models import AuditEvent
from apps.core.db.scope import use_clinic
from apps.core.ids import new_id
from apps.core.topics import CommandRefused, Done
from apps.messaging.actions import open_thread
from apps.messaging.models import Message, ReadMark, Thread
from apps.messaging.posting import Post, Posted, post
from apps.messaging.refusal import MessageRefused
from apps.messaging.topics import Send
from telek.live_batches import committed
from tests.cast import Cast
from tests.live.conftest import open_socket  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def threads(cast: Cast) -> list[Thread]:
    """Of the two patients."""
    with cast.acting(cast.nurse), transaction.atomic():
        return [open_thread(patient=cast.patient), open_thread(patient=cast.patient_2)]


def words(thread: Thread, sender: User, body: str, key: UUID | None = None) -> Post:
    return Post(thread.pk, key or new_id(), body, sender)


def posted(cast: Cast, posts: Sequence[Post], readers: Any = None) -> list[Any]:
    with cast.acting(cast.nurse), transaction.atomic():
        return post(posts, cast.clinic.pk, readers)


def test_a_batch_is_numbered_in_each_thread_and_every_refusal_is_its_own(cast: Cast, threads: list[Thread]) -> None:
    first, second = threads
    key = new_id()
    outcomes = posted(
        cast,
        [
            words(first, cast.patient_user, "One", key),
            words(second, cast.patient_user, "Not mine"),
            words(first, cast.nurse, "Two"),
            words(first, cast.patient_user, "One", key),
            words(first, cast.patient_user, "Other words", key),
            words(second, cast.clinic_admin, "No such right"),
            words(second, cast.nurse, "Hello"),
        ],
    )
    said = [(one.message.seq, one.fresh) if isinstance(one, Posted) else one.code for one in outcomes]
    assert said == [(1, True), "not-found", (2, True), (1, False), "conflict", "not-found", (1, True)]
    with cast.acting(cast.nurse), transaction.atomic():
        thread = Thread.objects.get(pk=first.pk)
        assert (thread.last_seq, thread.version, thread.waiting_since) == (2, 2, None)
        marks = {mark.user: mark.seq for mark in ReadMark.objects.filter(thread=first)}
        assert marks == {cast.patient_user: 1}  # the nurse has not seen the first one


def test_who_made_and_who_is_shown_a_message_is_written_down_with_it(cast: Cast, threads: list[Thread]) -> None:
    thread = threads[0]
    sent = [words(thread, cast.patient_user, body) for body in ("One", "Two")]
    (one, two) = posted(cast, sent, {thread.pk: {cast.nurse.pk}})
    with cast.acting(cast.nurse), transaction.atomic():
        rows = AuditEvent.objects.filter(object_id__in=[one.message.pk, two.message.pk])
        found = {(row.action, row.actor_id, row.object_id, row.patient_id) for row in rows}
        patient, maria = cast.patient.pk, cast.patient_user.pk
        assert found == {
            ("create", maria, one.message.pk, patient),
            ("create", maria, two.message.pk, patient),
            ("read", cast.nurse.pk, one.message.pk, patient),
        }
        assert rows.count() == len(found)


def test_a_batch_costs_no_more_statements_than_a_message(cast: Cast, threads: list[Thread]) -> None:
    from django.db import connection

    thread = threads[0]
    counts = []
    for many in (1, 40):
        with CaptureQueriesContext(connection) as asked:
            posted(cast, [words(thread, cast.patient_user, "Hello") for _ in range(many)])
        counts.append(len([one for one in asked.captured_queries if "SAVEPOINT" not in one["sql"]]))
    assert counts[1] <= counts[0] <= 9  # the first one may read the clock as well


def test_a_row_that_the_database_refuses_fails_alone(
    cast: Cast, threads: list[Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = threads[0]
    bad = words(thread, cast.patient_user, "I want to die")

    def refuse(**_facts: Any) -> None:
        raise IntegrityError("the alert is refused")

    monkeypatch.setattr("apps.messaging.posting.raise_alert", refuse)
    batch = [words(thread, cast.patient_user, "One"), bad, words(thread, cast.nurse, "Two")]
    outcomes = committed(Send(), batch, cast.clinic.pk, {})
    assert [type(one) for one in outcomes] == [Done, IntegrityError, Done]
    with cast.acting(cast.nurse), transaction.atomic():
        assert [(one.seq, one.body) for one in Message.objects.order_by("seq")] == [(1, "One"), (2, "Two")]


def test_a_phrase_of_danger_in_a_batch_has_its_alert_in_the_same_commit(cast: Cast, threads: list[Thread]) -> None:
    posted(cast, [words(threads[0], cast.patient_user, "Hello"), words(threads[0], cast.patient_user, "I want to die")])
    with cast.acting(cast.nurse), transaction.atomic():
        message = Message.objects.get(seq=2)
        assert Alert.objects.get(cause="phrase").occurrences.get().source_id == message.pk


@pytest.mark.parametrize("change", ["role", "ended", "inactive"])
def test_who_lost_the_right_since_the_socket_was_opened_writes_nothing(
    cast: Cast, threads: list[Thread], change: str
) -> None:
    asked = words(threads[0], cast.nurse, "Hello")
    with cast.acting(cast.nurse), transaction.atomic():
        if change == "inactive":
            User.objects.filter(pk=cast.nurse.pk).update(is_active=False)
        elif change == "ended":
            Membership.objects.filter(user=cast.nurse).update(ended_at="2020-01-01T00:00Z")
        else:
            Membership.objects.filter(user=cast.nurse).update(revision=99)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        (outcome,) = Send().run([asked], cast.clinic.pk, {})
        assert isinstance(outcome, CommandRefused)
        assert outcome.code == "not-found"
        assert not Message.objects.exists()


def test_a_refusal_is_no_outcome_of_the_others(cast: Cast, threads: list[Thread]) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        cast.patient.status = "discharged"
        cast.patient.save()
    outcomes = posted(
        cast, [words(threads[0], cast.patient_user, "Hello"), words(threads[1], cast.patient_2_user, "Hello")]
    )
    assert isinstance(outcomes[0], MessageRefused)
    assert outcomes[0].code == "discharged"
    assert outcomes[1].message.seq == 1


@database_sync_to_async
def reads(cast: Cast, user: User) -> int:
    with cast.acting(cast.nurse), transaction.atomic():
        return AuditEvent.objects.filter(actor_id=user.pk, action="read", object_type="messaging.message").count()


@pytest.mark.asyncio
async def test_twenty_messages_at_once_reach_every_screen_in_order_and_once(
    cast: Cast,
    threads: list[Thread],
    open_socket: Any,  # noqa: F811
) -> None:
    topic = f"thread:{threads[0].pk}"
    sockets = [await open_socket(user) for user in (cast.patient_user, cast.nurse, cast.therapist)]
    for socket in sockets:
        await socket.say(type="follow", topic=topic, after=0)
        await socket.hear("rows")
    seen_before = await reads(cast, cast.therapist)

    async def say(socket: Any, number: int) -> None:
        key = str(UUID(int=number))
        frame = {"thread": str(threads[0].pk), "client_id": key, "body": f"Words {number}"}
        await socket.say(type="command", name="chat.send", id=key, **frame)

    await asyncio.gather(*(say(sockets[number % 2], number) for number in range(1, 21)))
    shown = []
    for socket in sockets:
        rows: list[dict[str, Any]] = []
        while not rows or rows[-1]["seq"] < 20:
            rows += (await socket.hear("rows"))["rows"]
        shown.append([(row["seq"], row["client_id"], row["body"], row["sender"]) for row in rows])
    assert shown[0] == shown[1] == shown[2]
    assert [seq for seq, *_ in shown[0]] == list(range(1, 21))
    assert await reads(cast, cast.therapist) > seen_before
