"""A message unread for a minute reaches the person another way, once, without its words, by the pump's own role."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from apps.accounts.models import ContactPoint, User
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.ids import new_id
from apps.messaging.actions import claim, mark_read, open_thread, send_message
from apps.messaging.models import Thread
from apps.messaging.reminders import SUBJECT, notify_due, still_wanted
from apps.notifications.models import Delivery, DemoMessage
from apps.notifications.rendering import letter_of
from telek.pump import WANTED, WORK, Pump
from tests.cast import Cast
from tests.messaging.conftest import Write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_noon(cast: Cast) -> None:
    """Far from the quiet hours, and from midnight."""
    at_hour(cast, 13)


def at_hour(cast: Cast, hour: int) -> None:
    """On to the next time that the patient's clock shows that hour."""
    with transaction.atomic():
        there = clock.now().astimezone(ZoneInfo(cast.patient.time_zone))
        clock.shift(timedelta(hours=(hour - there.hour) % 24))


def pump() -> int:
    with as_role("pump"):
        return notify_due()


def notes(cast: Cast) -> list[Delivery]:
    with cast.acting(cast.nurse), transaction.atomic():
        return list(Delivery.objects.filter(subject_kind=SUBJECT).order_by("created_at"))


def wanted(cast: Cast, delivery: Delivery) -> bool:
    with cast.acting(cast.nurse), as_role("pump"), transaction.atomic():
        return still_wanted(delivery)


def read(cast: Cast, thread: Thread, user: User, seq: int) -> None:
    with cast.acting(user), transaction.atomic():
        mark_read(thread=thread, seq=seq, actor=user)


def pass_time(**much: int) -> None:
    with transaction.atomic():
        clock.shift(timedelta(**much))


def test_the_pumps_table_knows_threads() -> None:
    assert notify_due in WORK.values()
    assert WANTED[SUBJECT] is still_wanted


def test_an_unread_answer_is_told_after_a_minute_once_and_without_its_words(cast: Cast, write: Write) -> None:
    write(cast.nurse, "Your dose is 0.5 mg/kg")
    assert pump() == 0
    pass_time(seconds=61)
    assert (pump(), pump()) == (1, 0)
    (note,) = notes(cast)
    assert (note.recipient_id, note.channel, note.address) == (cast.patient_user.pk, "sms", "+15550100")
    letter = letter_of(note)
    assert "you have a message" in letter.body
    assert letter.body.endswith("/messages/")
    assert "dose" not in letter.body + letter.subject


def test_what_was_read_within_the_minute_is_not_told(cast: Cast, thread: Thread, write: Write) -> None:
    write(cast.nurse, "Hello")
    read(cast, thread, cast.patient_user, 1)
    pass_time(seconds=61)
    assert pump() == 1
    assert notes(cast) == []


def test_what_is_read_between_queue_and_wire_is_no_longer_wanted(cast: Cast, thread: Thread, write: Write) -> None:
    write(cast.nurse, "Hello")
    pass_time(seconds=61)
    pump()
    (note,) = notes(cast)
    assert wanted(cast, note)
    read(cast, thread, cast.patient_user, 1)
    assert not wanted(cast, note)


def test_writing_on_and_on_does_not_put_the_minute_off(cast: Cast, write: Write) -> None:
    write(cast.nurse, "One")
    pass_time(seconds=50)
    write(cast.nurse, "Two")
    pass_time(seconds=15)
    assert pump() == 1
    assert len(notes(cast)) == 1


def test_a_stretch_of_unread_messages_is_told_once_a_day_and_again_after_reading(
    cast: Cast, thread: Thread, write: Write
) -> None:
    def say_and_wait() -> int:
        write(cast.nurse, "Hello")
        pass_time(seconds=61)
        pump()
        return len(notes(cast))

    assert [say_and_wait(), say_and_wait()] == [1, 1]
    read(cast, thread, cast.patient_user, 2)
    assert say_and_wait() == 2
    pass_time(days=1)
    assert say_and_wait() == 3


def test_the_minute_of_an_answer_begins_with_the_answer(cast: Cast, write: Write) -> None:
    write(cast.patient_user, "A question")
    pass_time(seconds=50)
    write(cast.nurse, "An answer")
    pass_time(seconds=15)
    assert pump() == 0
    pass_time(seconds=50)
    assert pump() == 1
    assert [note.recipient_id for note in notes(cast)] == [cast.patient_user.pk]


def test_a_patients_message_is_told_to_whoever_has_the_thread_else_to_who_treats(
    cast: Cast, thread: Thread, write: Write
) -> None:
    write(cast.patient_user, "A question")
    pass_time(seconds=61)
    pump()
    (first,) = notes(cast)
    assert first.recipient_id == cast.prescriber.pk
    assert first.context["link"] == "/desk/messages/"
    with cast.acting(cast.nurse), transaction.atomic():
        claim(thread=thread, actor=cast.nurse)
    write(cast.patient_user, "Another question")
    pass_time(seconds=61)
    pump()
    assert {note.recipient_id for note in notes(cast)} == {cast.prescriber.pk, cast.nurse.pk}
    write(cast.therapist, "I have answered")
    assert not any(wanted(cast, note) for note in notes(cast))


def test_who_opted_out_of_a_channel_is_told_by_the_next_and_who_has_none_by_none(cast: Cast, write: Write) -> None:
    def opt_out(**which: Any) -> None:
        with cast.acting(cast.nurse), transaction.atomic():
            ContactPoint.objects.filter(user=cast.patient_user, **which).update(opted_out_at=clock.now())

    opt_out(channel="sms")
    write(cast.nurse, "Hello")
    pass_time(seconds=61)
    pump()
    assert [note.channel for note in notes(cast)] == ["email"]
    opt_out()
    pass_time(days=1)
    write(cast.nurse, "Hello again")
    pass_time(seconds=61)
    assert pump() == 1
    assert len(notes(cast)) == 1


def test_threads_of_every_clinic_are_told_each_in_its_own(cast: Cast, write: Write) -> None:
    write(cast.nurse, "Hello")
    with cast.acting(cast.other_prescriber) as doctor, transaction.atomic():
        other = open_thread(patient=cast.other_patient)
        send_message(thread=other, body="Hello", client_id=new_id(), actor=doctor)
    pass_time(seconds=61)
    assert pump() == 2
    assert len(notes(cast)) == 1
    with cast.acting(cast.other_prescriber), transaction.atomic():
        assert Delivery.objects.get(subject_kind=SUBJECT).recipient_id == cast.other_patient_user.pk


def test_the_pump_cannot_read_a_message(cast: Cast, write: Write) -> None:
    from django.db import ProgrammingError

    from apps.messaging.models import Message

    write(cast.nurse, "Hello")
    with as_role("pump"), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Message.objects.count()


def test_at_night_a_patient_is_told_in_the_morning_unless_they_are_awake_in_the_conversation(
    cast: Cast, thread: Thread, write: Write
) -> None:
    at_hour(cast, 23)
    write(cast.nurse, "Your next visit is on Monday")
    pass_time(seconds=61)
    pump()
    (note,) = notes(cast)
    assert note.not_before.astimezone(ZoneInfo(cast.patient.time_zone)).hour == 8
    read(cast, thread, cast.patient_user, 1)
    write(cast.patient_user, "I cannot sleep")
    write(cast.nurse, "I am here")
    pass_time(seconds=61)
    pump()
    at_once = [one for one in notes(cast) if one.pk != note.pk]
    assert [one.not_before <= clock.now() for one in at_once] == [True]


def test_staff_have_no_quiet_hours_here(cast: Cast, write: Write) -> None:
    at_hour(cast, 23)
    write(cast.patient_user, "A question")
    pass_time(seconds=61)
    pump()
    assert [one.not_before <= clock.now() for one in notes(cast)] == [True]


def test_two_whole_pumps_send_one_note_for_what_is_unread_and_none_for_what_was_read(
    cast: Cast, write: Write, settings: Any
) -> None:
    """The whole road: claim, queue, still wanted, wire."""
    settings.TRANSPORTS = dict.fromkeys(("push", "sms", "email", "voice"), "demo")
    write(cast.nurse, "Unread")
    with cast.acting(cast.nurse), transaction.atomic():
        other = open_thread(patient=cast.patient_2)
    write(cast.nurse, "Read in time", into=other)
    pass_time(seconds=61)
    with as_role("pump"):
        notify_due()
    read(cast, other, cast.patient_2_user, 1)  # after it was queued, before the wire
    for name in ("one", "two", "one"):
        with as_role("pump"):
            Pump(name).run_cycle()
    assert {one.recipient_id: one.state for one in notes(cast)} == {
        cast.patient_user.pk: "delivered",
        cast.patient_2_user.pk: "cancelled",
    }
    with transaction.atomic():
        assert DemoMessage.objects.filter(body__contains="you have a message").count() == 1
