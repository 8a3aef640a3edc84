"""The person's own check before a session: what it says holds the dose and is told; a later one takes its place."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.notifications.models import Delivery
from apps.sessions import actions
from apps.sessions.check_reminders import still_wanted
from apps.sessions.evidence import gate_of
from apps.sessions.models import PlannedDose
from apps.sessions.owed import remind_of_checks
from apps.sessions.treatment.pre_visit import Told, cautions, holds, next_reminder, reminders
from tests.cast import Cast
from tests.treatment.scene import later, ready

FINE = Told(ride=True, fasting=True, medicines_as_told=True, something_new=False, wants_to_talk=False, feeling=7)
FORM = {
    "when": "morning",
    "ride": "yes",
    "ride_name": "Elena",
    "fasting": "yes",
    "medicines_as_told": "yes",
    "something_new": "no",
    "feeling": "7",
    "wants_to_talk": "no",
}


@given(st.builds(Told, feeling=st.integers(0, 10), sbp=st.integers(80, 220), dbp=st.integers(40, 130)))
def test_only_a_check_without_anything_says_nothing(told: Told) -> None:
    quiet = told.ride and told.fasting and told.medicines_as_told
    fine = not (told.something_new or told.wants_to_talk) and told.feeling > 2
    low = (told.sbp or 0) <= 140 and (told.dbp or 0) <= 90
    assert (not cautions(told)) is quiet
    assert (not holds(told)) is (fine and low)


def test_140_over_90_itself_passes() -> None:
    assert holds(FINE) == holds(
        Told(**{name: getattr(FINE, name) for name in Told.__slots__} | {"sbp": 140, "dbp": 90})
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "code", "level"),
    [
        ({"something_new": "yes", "new_text": "a cold"}, "pre_visit_something_new", "P2"),
        ({"sbp": "151", "dbp": "88"}, "pre_visit_pressure", "P2"),
        ({"wants_to_talk": "yes"}, "pre_visit_talk_first", "P2"),
        ({"ride": "no"}, "pre_visit_no_ride", "P3"),
    ],
)
def test_what_is_told_reaches_the_gate_and_the_team(cast: Cast, told: dict[str, Any], code: str, level: str) -> None:
    session = ready(cast)
    maria = cast.client(cast.patient_user)
    assert maria.post("/session-day/check/", FORM | told).status_code == 200
    with cast.acting(cast.nurse):
        item = {item.code: item for item in gate_of(session, clock.now()).items}[code]
        assert item.blocks is (level == "P2")
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get(cause="pre-visit").level == level
    maria.post("/session-day/check/", FORM)
    with cast.acting(cast.nurse):
        assert code not in {item.code for item in gate_of(session, clock.now()).items}


@pytest.mark.django_db
def test_a_check_is_forgotten_after_a_day_and_a_half_and_a_wrong_one_is_refused(cast: Cast) -> None:
    session = ready(cast)
    maria = cast.client(cast.patient_user)
    for wrong in (
        {"feeling": "11"},
        {"sbp": "120"},
        {"sbp": "80", "dbp": "120"},
        {"something_new": "yes"},
        {"ride": ""},
    ):
        assert maria.post("/session-day/check/", FORM | wrong).status_code == 422
    maria.post("/session-day/check/", FORM | {"wants_to_talk": "yes"})
    later(60 * 37)
    with cast.acting(cast.nurse):
        assert "pre_visit_talk_first" not in {item.code for item in gate_of(session, clock.now()).items}
    assert b"ELEKT-D" in maria.get("/session-day/expect/").content


@given(st.integers(0, 60 * 24 * 700), st.sampled_from(["America/New_York", "Asia/Tokyo"]))
def test_the_reminders_lie_in_their_order_before_the_session_and_never_in_the_night(minutes: int, name: str) -> None:
    zone, starts_at = ZoneInfo(name), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    evening, morning = reminders(starts_at, zone)
    assert evening < morning < starts_at
    assert evening.astimezone(zone).hour == 17
    assert next_reminder(starts_at, zone, evening - timedelta(days=3)) == evening
    assert next_reminder(starts_at, zone, evening) == morning
    assert next_reminder(starts_at, zone, morning) is None
    if starts_at.astimezone(zone).hour >= 7:
        assert morning.astimezone(zone).hour >= 6


@pytest.mark.django_db(transaction=True)
def test_a_planned_session_is_reminded_of_the_evening_before_and_that_morning_unless_answered(
    cast: Cast, settings: Any
) -> None:
    settings.TRANSPORTS = dict.fromkeys(("push", "sms", "email", "voice"), "demo")
    zone = ZoneInfo(cast.patient.time_zone)
    start = (clock.now().astimezone(zone) + timedelta(days=5)).replace(hour=11, minute=0, second=0, microsecond=0)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        course = actions.start_course(patient=cast.patient, template="iv-depression", actor=doctor)
        days = {1: (start, start + timedelta(hours=2))}
        actions.plan_course(course=course, days=days, reason="her wish", actor=doctor)

    def sent() -> list[Delivery]:
        with use_clinic(cast.clinic.pk), transaction.atomic():
            return list(Delivery.objects.filter(subject_kind="planned-dose").order_by("created_at"))

    def worked(at: datetime) -> int:
        clock.shift(at - clock.now())
        with as_role("pump"):
            return remind_of_checks()

    assert worked(start - timedelta(days=2)) == 0
    evening, morning = reminders(start, zone)
    assert worked(evening + timedelta(minutes=1)) == 1
    (first,) = sent()
    assert "questions" not in str(first.context)  # the words are the template's; nothing clinical travels with it
    maria = cast.client(cast.patient_user)
    assert b"Before your session" in maria.get("/").content
    maria.post("/session-day/check/", FORM | {"when": "before"})
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert not still_wanted(first)
    assert b"Before your session" not in maria.get("/").content
    assert worked(morning + timedelta(minutes=1)) == 1
    second = sent()[1]
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert still_wanted(second)
        assert PlannedDose.objects.get().next_step_at is None
        PlannedDose.objects.update(starts_at=start + timedelta(days=1), ends_at=start + timedelta(days=1, hours=2))
        assert not still_wanted(second)  # it was moved meanwhile
