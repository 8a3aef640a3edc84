"""Who is paged now, holes in the roster, and the days on which clocks change."""

import itertools
import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.clinic_settings import change_setting
from apps.accounts.models import Clinic, Membership
from apps.accounts.permissions import Role
from apps.alerts import roster
from apps.alerts.models import AlertEvent, EscalationRung, RosterShift
from apps.core import clock
from apps.core.db.scope import use_clinic
from tests.alerts.scene import a_raise, deliveries, names, steps
from tests.cast import Cast, make_patient, make_person

ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata", "Africa/Cairo"]


# --- pure ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_shifts_that_meet_on_paper_meet_in_time_on_every_day_of_the_year(zone: str) -> None:
    place = ZoneInfo(zone)
    before = None
    for number in range(366):
        day = date(2026, 1, 1) + timedelta(days=number)
        for begins, ends in ((time(2, 30), time(14, 0)), (time(14, 0), time(2, 30))):
            start, end = roster.shift_times(day, begins, ends, place)
            assert before in (None, start)
            assert end > start
            before = end


def test_the_night_on_which_clocks_go_back_is_an_hour_longer() -> None:
    zone = ZoneInfo("America/New_York")
    start, end = roster.shift_times(date(2026, 10, 31), time(20), time(8), zone)
    assert end - start == timedelta(hours=13)
    start, end = roster.shift_times(date(2026, 3, 7), time(20), time(8), zone)
    assert end - start == timedelta(hours=11)


stretches = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60)), max_size=30)


@given(stretches)
def test_every_minute_is_either_covered_or_in_a_hole(shifts: list[tuple[int, int]]) -> None:
    start = datetime(2026, 3, 8, tzinfo=UTC)

    def minute(n: int) -> datetime:
        return start + timedelta(minutes=n)

    spans = sorted((minute(at), minute(at + length)) for at, length in shifts)
    found = roster.holes(spans, minute(0), minute(560))
    for n in range(560):
        covered = any(begin <= minute(n) < end for begin, end in spans)
        missing = any(begin <= minute(n) < end for begin, end in found)
        assert covered != missing
    assert all(first[1] < second[0] for first, second in itertools.pairwise(found)), "holes do not touch"


def test_a_thousand_holes_around_the_nights_on_which_clocks_change_are_all_found() -> None:
    dice = random.Random(20261101)
    zone = ZoneInfo("America/New_York")
    uncovered = 0
    for _ in range(1000):
        day = dice.choice([date(2027, 3, 13), date(2027, 3, 14), date(2026, 10, 31), date(2026, 11, 1)])
        first = roster.shift_times(day, time(8), time(dice.randint(9, 23), dice.choice([0, 30])), zone)
        second = roster.shift_times(day, time(dice.randint(0, 23), 30), time(8), zone)
        spans = sorted([first, second])
        gaps = roster.holes(spans, first[0], first[0] + timedelta(days=1))
        moment = first[0] + timedelta(minutes=dice.randint(0, 1439))
        covered = any(begin <= moment < until for begin, until in spans)
        assert covered != any(begin <= moment < until for begin, until in gaps)
        uncovered += not covered
    assert uncovered > 100


# --- with people ---------------------------------------------------------------------------------


def names_on(cast: Cast, target: str) -> list[str]:
    return [person.user.name for person in roster.people_on(target, cast.patient, clock.now())]


@pytest.mark.django_db
def test_each_target_means_who_it_says(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        assert names_on(cast, "on-call") == ["Rosa Osei"]
        assert names_on(cast, "director") == ["Dr Ngozi Okafor"]
        assert names_on(cast, "treating") == ["Dr Ngozi Okafor"]
        assert names_on(cast, "coordinator") == ["Linh Tran"]
        assert names_on(cast, "licensed") == ["Dr Ngozi Okafor", "Jonas Lindqvist", "Rosa Osei"]
        assert names_on(cast, "nonsense") == []


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["left", "switched-off", "admin-now"])
def test_who_may_no_longer_handle_alerts_is_not_paged(cast: Cast, change: str) -> None:
    with cast.acting(cast.nurse):
        member = Membership.objects.get(pk=cast.nurse.membership.pk)  # type: ignore[union-attr]
        if change == "left":
            member.ended_at = clock.now()
        elif change == "admin-now":
            member.role = "clinic-admin"
        else:
            cast.nurse.is_active = False
            cast.nurse.save()
        member.save()
        assert names_on(cast, "on-call") == []
        assert roster.on_call(cast.clinic.pk, "on-call", clock.now()) is None


@pytest.mark.django_db
def test_an_empty_rung_is_passed_over_in_the_same_transaction(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        RosterShift.objects.filter(rota="on-call").delete()
    alert = a_raise(cast.patient, "P1")
    empty, paged = steps(alert)
    assert (empty.rung, empty.nobody_on_call, empty.targets) == (0, True, [])
    assert (paged.rung, names(paged)) == (1, ["Dr Ngozi Okafor"])
    assert deliveries(alert)


def leave_nobody(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        RosterShift.objects.all().delete()
        EscalationRung.objects.filter(target="licensed").delete()


@pytest.mark.django_db
def test_with_nobody_on_any_rung_the_fallback_and_the_administrators_are_paged(cast: Cast) -> None:
    leave_nobody(cast)
    with cast.acting(cast.nurse):
        change_setting(clinic=cast.clinic, name="fallback_contact", value="+15550111", actor=None, reason="contract")
    alert = a_raise(cast.patient, "P1")
    rows = deliveries(alert)
    assert ("sms", "+15550111", "alert_page") in {(row.channel, row.address, row.template) for row in rows}
    assert {row.recipient_id for row in rows if row.template == "alert_uncovered"} == {cast.clinic_admin.pk}
    with cast.acting(cast.nurse):
        assert AlertEvent.objects.filter(alert=alert, kind="uncovered").exists()
        assert roster.cover_now(cast.clinic, clock.now()).uncovered
    assert alert.next_step_at is not None, "and it comes round again"


@pytest.mark.django_db
def test_a_ladder_without_rungs_is_uncovered_and_says_so(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        EscalationRung.objects.all().delete()
    alert = a_raise(cast.patient, "P1")
    assert {row.recipient_id for row in deliveries(alert)} == {cast.clinic_admin.pk}


@pytest.mark.django_db
def test_a_clinic_without_any_ladder_or_roster_is_uncovered_and_says_so(cast: Cast) -> None:
    bare = Clinic.objects.create(name="Bare Clinic", slug="bare")
    with use_clinic(bare.pk):
        admin = make_person(bare, "bare-admin", "Ada Bare", Role.CLINIC_ADMIN)
        doctor = make_person(bare, "bare-doctor", "Dr Bo Bare", Role.PRESCRIBER)
        user = make_person(bare, "bare-patient", "Cy Bare", Role.PATIENT)
        assert doctor.membership
        patient = make_patient(bare, user, "1", "Bare", "Cy", doctor.membership)
    alert = a_raise(patient, "P1")
    assert [step.nobody_on_call for step in steps(alert)] == [True]
    assert {row.recipient_id for row in deliveries(alert)} == {admin.pk}


@pytest.mark.django_db
def test_a_fallback_address_may_be_a_mail_address(cast: Cast) -> None:
    leave_nobody(cast)
    with cast.acting(cast.nurse):
        change_setting(clinic=cast.clinic, name="fallback_contact", value="night@cover.example", actor=None, reason="x")
    rows = deliveries(a_raise(cast.patient, "P2"))
    leave = [row for row in rows if row.recipient_id == cast.clinic.pk]
    assert not leave, "the treating clinician is there: no fallback"
    with cast.acting(cast.nurse):
        type(cast.patient).objects.filter(pk=cast.patient.pk).update(treating=None)
    cast.patient.treating_id = None
    rows = deliveries(a_raise(cast.patient, "P2", cause="other"))
    assert [(row.channel, row.address) for row in rows if row.recipient_id == cast.clinic.pk] == [
        ("email", "night@cover.example")
    ]


@pytest.mark.django_db
def test_two_people_cannot_hold_one_pager_at_a_time(cast: Cast) -> None:
    with cast.acting(cast.nurse), pytest.raises(IntegrityError), transaction.atomic():
        RosterShift.objects.create(
            clinic=cast.clinic,
            rota="on-call",
            membership=cast.therapist.membership,
            starts_at=clock.now(),
            ends_at=clock.now() + timedelta(hours=1),
        )


@pytest.mark.django_db
def test_the_next_hole_within_a_week_is_known_ahead(cast: Cast) -> None:
    now = clock.now()
    with cast.acting(cast.nurse):
        assert roster.next_gap(cast.clinic, now) is None
        RosterShift.objects.filter(rota="director").update(ends_at=now + timedelta(days=3))
        gap = roster.next_gap(cast.clinic, now)
    assert gap is not None
    assert (gap.rota, gap.starts_at) == ("director", now + timedelta(days=3))


@pytest.mark.django_db
def test_a_shift_of_somebody_who_left_is_a_hole(cast: Cast) -> None:
    now = clock.now()
    with cast.acting(cast.nurse):
        Membership.objects.filter(pk=cast.nurse.membership.pk).update(ended_at=now)  # type: ignore[union-attr]
        assert [gap.rota for gap in roster.gaps_ahead(cast.clinic, "on-call", now, now + timedelta(days=1))] == [
            "on-call"
        ]


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2027-03-14", "2027-11-07", "2027-06-01"])
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 5])
def test_a_hole_on_the_roster_pages_the_next_rung_also_when_clocks_change(cast: Cast, day: str, hour: int) -> None:
    zone = ZoneInfo(cast.clinic.time_zone)
    local_day = date.fromisoformat(day)
    with cast.acting(cast.nurse):
        RosterShift.objects.all().delete()
        for rota, member, begins, ends in (
            ("on-call", cast.nurse.membership, time(0), time(2, 30)),
            ("director", cast.prescriber.membership, time(2, 30), time(4)),
        ):
            start, end = roster.shift_times(local_day, begins, ends, zone)
            RosterShift.objects.create(clinic=cast.clinic, rota=rota, membership=member, starts_at=start, ends_at=end)
    moment = datetime.combine(local_day, time(hour, 45), zone).astimezone(UTC)
    clock.shift(moment - clock.now())
    paged = [step for step in steps(a_raise(cast.patient, "P1")) if not step.nobody_on_call]
    expected = "Rosa Osei" if hour < 2 else "Dr Ngozi Okafor" if hour in (2, 3) else None
    assert len(paged) == 1
    assert names(paged[0])
    if expected and not (day == "2027-03-14" and hour == 2):
        assert names(paged[0]) == [expected]
