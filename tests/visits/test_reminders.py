"""Reminders 24 hours and 15 minutes before, once each, by the pump's own role."""

from datetime import timedelta

import pytest
from django.db import transaction

from apps.core import clock
from apps.core.db.roles import as_role
from apps.notifications.models import Delivery
from apps.sessions import actions
from apps.sessions.notices import still_wanted
from apps.sessions.reminders import remind_due
from apps.sessions.visit_rules import next_reminder, reminder_name
from telek.pump import WANTED, WORK
from tests.cast import Cast
from tests.visits.scene import booked, fresh, soon

pytestmark = pytest.mark.django_db(transaction=True)


def told(cast: Cast, kind: str) -> list[Delivery]:
    with cast.acting(cast.coordinator), transaction.atomic():
        return list(Delivery.objects.filter(dedupe_key__contains=f":{kind}:"))


def pump() -> int:
    with as_role("pump"):
        return remind_due()


def test_the_pumps_table_knows_visits() -> None:
    assert remind_due in WORK.values()
    assert WANTED["visit"] is still_wanted


def test_each_reminder_goes_out_once_at_its_time(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(60 * 25))
    assert pump() == 0
    clock.shift(timedelta(hours=1, seconds=1))
    assert (pump(), pump()) == (1, 0)
    assert len(told(cast, "1440")) == 1
    clock.shift(timedelta(hours=23, minutes=45))
    assert (pump(), pump()) == (1, 0)
    assert len(told(cast, "15")) == 1
    assert fresh(cast, visit).next_step_at is None


def test_after_a_pause_only_one_reminder_goes_out_and_none_after_the_start(cast: Cast) -> None:
    booked(cast, starts_at=soon(60 * 25))
    clock.shift(timedelta(hours=24, minutes=50))
    assert (pump(), pump()) == (1, 0)
    late = booked(cast, starts_at=soon(60 * 25), patient=cast.patient_2)
    clock.shift(timedelta(hours=26))
    assert pump() == 1
    with cast.acting(cast.coordinator), transaction.atomic():
        assert not Delivery.objects.filter(subject_id=late.pk).exclude(dedupe_key__contains=":booked:").exists()


def test_a_reminder_of_a_moved_or_cancelled_visit_is_no_longer_wanted(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(60 * 48))
    (delivery,) = told(cast, "booked")
    with cast.acting(cast.coordinator) as actor, transaction.atomic():
        assert still_wanted(delivery)
        actions.change(visit=visit, starts_at=soon(60 * 50), actor=actor)
        assert not still_wanted(delivery)
        actions.cancel(visit=visit, reason="ill", actor=actor)
        cancelled = Delivery.objects.get(subject_id=visit.pk, template="visit-cancelled")
        assert still_wanted(cancelled)


def test_who_wants_no_reminders_gets_none(cast: Cast) -> None:
    with cast.acting(cast.coordinator), transaction.atomic():
        cast.patient.reminders_off_at = clock.now()
        cast.patient.save()
    booked(cast, starts_at=soon(60 * 48))
    assert not told(cast, "booked")


def test_the_next_reminder_is_the_first_one_ahead() -> None:
    start = soon(60 * 48)
    assert next_reminder(start, start - timedelta(hours=30)) == start - timedelta(hours=24)
    assert next_reminder(start, start - timedelta(hours=24)) == start - timedelta(minutes=15)
    assert next_reminder(start, start - timedelta(minutes=15)) is None
    assert reminder_name(start, start - timedelta(minutes=15)) == "15"
