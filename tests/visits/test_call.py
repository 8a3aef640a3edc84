"""Waiting room and call: who may do what when, one seat a side, and what the record keeps of it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.core import clock
from apps.patients.models import Whereabouts
from apps.sessions import actions
from apps.sessions.models import Visit, VisitEvent, VisitStatus
from apps.sessions.refusal import VisitRefused
from apps.sessions.rows import away_since
from tests.cast import Cast
from tests.visits.scene import PLACE, admitted, arrived, booked, finished, joined, soon


def refused(code: str, verb: Any, **what: Any) -> None:
    with pytest.raises(VisitRefused) as refusal:
        verb(**what)
    assert refusal.value.code == code


def kinds(visit: Visit) -> list[str]:
    return list(VisitEvent.objects.filter(visit=visit).values_list("kind", flat=True))


def test_arriving_says_where_with_whom_and_how_to_call_back(cast: Cast) -> None:
    visit = arrived(cast)
    with cast.acting(cast.prescriber):
        where = Whereabouts.objects.get(patient=cast.patient)
        assert (where.place, where.company, where.call_back, where.asked_in) == (*PLACE.values(), "visit")
        assert visit.status == VisitStatus.ARRIVED
        assert visit.arrived_at is not None
        assert visit.next_step_at is None


@pytest.mark.parametrize(
    ("code", "answer"),
    [("place", {"place": " "}), ("company", {"company": "dog"}), ("call-back", {"call_back": "no"})],
)
def test_the_waiting_room_asks_for_all_three(cast: Cast, code: str, answer: dict[str, str]) -> None:
    visit = booked(cast)
    with cast.acting(cast.patient_user) as actor:
        refused(code, actions.arrive, visit=visit, **(PLACE | answer), actor=actor)
        assert not Whereabouts.objects.filter(patient=cast.patient).exists()


@pytest.mark.parametrize(("minutes", "code"), [(31, "early"), (29, None)])
def test_the_waiting_room_opens_half_an_hour_before(cast: Cast, minutes: int, code: str | None) -> None:
    visit = booked(cast, starts_at=soon(minutes))
    with cast.acting(cast.patient_user) as actor:
        if code:
            refused(code, actions.arrive, visit=visit, **PLACE, actor=actor)
        else:
            assert actions.arrive(visit=visit, **PLACE, actor=actor).status == VisitStatus.ARRIVED


def test_it_closes_an_hour_after_the_planned_end(cast: Cast) -> None:
    visit = booked(cast)
    clock.shift(timedelta(minutes=10 + 30 + 61))
    with cast.acting(cast.patient_user) as actor:
        refused("late", actions.arrive, visit=visit, **PLACE, actor=actor)


def test_nobody_enters_a_cancelled_or_ended_visit(cast: Cast) -> None:
    ended = finished(cast)
    cancelled = booked(cast, starts_at=soon(200))
    with cast.acting(cast.patient_user) as actor:
        actions.cancel(visit=cancelled, reason="", actor=actor)
        refused("cancelled", actions.arrive, visit=cancelled, **PLACE, actor=actor)
        refused("over", actions.arrive, visit=ended, **PLACE, actor=actor)
        refused("over", actions.join, visit=ended, token=uuid4(), actor=actor)


def test_only_the_visits_clinician_admits(cast: Cast) -> None:
    visit = arrived(cast)
    for user, code in (
        (cast.nurse, "not-yours"),
        (cast.coordinator, "not-allowed"),
        (cast.patient_user, "not-allowed"),
    ):
        with cast.acting(user) as actor:
            refused(code, actions.admit, visit=visit, actor=actor)
    with cast.acting(cast.prescriber) as actor:
        assert actions.admit(visit=visit, actor=actor).status == VisitStatus.IN_PROGRESS


def test_nobody_is_admitted_who_is_not_there(cast: Cast) -> None:
    visit = booked(cast)
    with cast.acting(cast.prescriber) as actor:
        refused("not-here", actions.admit, visit=visit, actor=actor)


def test_a_seat_is_for_the_two_sides_and_only_during_the_call(cast: Cast) -> None:
    visit = arrived(cast)
    with cast.acting(cast.patient_user) as actor:
        refused("not-admitted", actions.join, visit=visit, token=uuid4(), actor=actor)
    visit = admitted(cast, visit)
    for user, code in (
        (cast.nurse, "not-yours"),
        (cast.patient_2_user, "not-found"),
        (cast.coordinator, "not-allowed"),
    ):
        with cast.acting(user) as actor:
            refused(code, actions.join, visit=visit, token=uuid4(), actor=actor)


def test_a_second_page_of_the_same_person_takes_the_seat_and_the_first_is_told(cast: Cast) -> None:
    visit = admitted(cast)
    first, second = joined(cast, visit, cast.patient_user), joined(cast, visit, cast.patient_user)
    with cast.acting(cast.patient_user) as actor:
        refused("replaced", actions.here, visit=visit, token=first, actor=actor)
        actions.here(visit=visit, token=second, actor=actor)
        actions.leave(visit=visit, token=first, actor=actor)
        actions.here(visit=visit, token=second, actor=actor)
        assert kinds(visit)[-2:] == ["joined", "rejoined"]


def test_leaving_is_not_ending_and_rejoining_is_kept(cast: Cast) -> None:
    visit = admitted(cast)
    token = joined(cast, visit, cast.patient_user)
    with cast.acting(cast.patient_user) as actor:
        assert actions.leave(visit=visit, token=token, actor=actor).status == VisitStatus.IN_PROGRESS
    joined(cast, visit, cast.patient_user)
    with cast.acting(cast.prescriber) as actor:
        ended = actions.finish(visit=visit, actor=actor)
        assert ended.finished_at is not None
        assert kinds(visit) == ["booked", "arrived", "admitted", "joined", "left", "rejoined", "ended"]
        assert not ended.seats.filter(left_at__isnull=True).exists()


def test_a_delay_is_said_within_limits(cast: Cast) -> None:
    visit = arrived(cast)
    with cast.acting(cast.coordinator) as actor:
        assert actions.say_delay(visit=visit, minutes=10, actor=actor).delay_minutes == 10
        refused("delay", actions.say_delay, visit=visit, minutes=241, actor=actor)
    with cast.acting(cast.patient_user) as actor:
        refused("not-allowed", actions.say_delay, visit=visit, minutes=10, actor=actor)


def test_by_phone_before_the_visit_is_a_task(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(300))
    with cast.acting(cast.patient_user) as actor:
        asked = actions.ask_for_phone(visit=visit, actor=actor)
    with cast.acting(cast.prescriber):
        assert asked.by_phone_at is not None
        assert Alert.objects.get(patient=cast.patient).level == "P3"


def test_by_phone_while_nobody_is_there_pages_and_while_the_clinician_is_there_does_not(cast: Cast) -> None:
    visit = admitted(cast)
    joined(cast, visit, cast.prescriber)
    with cast.acting(cast.patient_user) as actor:
        actions.ask_for_phone(visit=visit, actor=actor)
        assert not _alerts(cast, cast.prescriber)
        clock.shift(timedelta(seconds=31))
        actions.ask_for_phone(visit=visit, actor=actor)
        assert _alerts(cast, cast.prescriber) == [("call-request", "P2")]


def _alerts(cast: Cast, user: User) -> list[tuple[str, str]]:
    return list(Alert.objects.filter(patient=cast.patient).values_list("cause", "level"))


def test_a_visit_is_held_by_phone_without_anybody_on_the_page(cast: Cast) -> None:
    visit = booked(cast)
    with cast.acting(cast.prescriber) as actor:
        held = actions.hold_by_phone(visit=visit, actor=actor)
        assert (held.status, held.by_phone_at is not None) == (VisitStatus.IN_PROGRESS, True)
        assert actions.finish(visit=visit, actor=actor).status == VisitStatus.FINISHED


def test_what_a_page_reports_is_kept_only_in_the_call(cast: Cast) -> None:
    visit = admitted(cast)
    with cast.acting(cast.patient_user) as actor:
        actions.report(visit=visit, what="dropped", detail="4 s", actor=actor)
        refused("invalid", actions.report, visit=visit, what="anything", detail="", actor=actor)
        assert kinds(visit)[-1] == "dropped"


def test_the_device_check_is_kept_for_the_clinic(cast: Cast) -> None:
    visit = booked(cast)
    with cast.acting(cast.patient_user) as actor:
        for _again in range(2):
            actions.note_device_check(visit=visit, results={"camera": True, "microphone": False}, actor=actor)
        assert VisitEvent.objects.get(visit=visit, kind="device-check").detail == "camera ok, microphone failed"


def test_the_desk_sees_since_when_the_waiting_page_is_closed(cast: Cast) -> None:
    visit, token = arrived(cast), uuid4()
    with cast.acting(cast.patient_user) as actor:
        clock.shift(timedelta(seconds=50))
        actions.wait(visit=visit, token=token, actor=actor)
        clock.shift(timedelta(seconds=50))
        assert away_since(visit) is None
        clock.shift(timedelta(seconds=11))
        assert away_since(visit) == visit.seats.get().seen_at
        actions.wait(visit=visit, token=token, actor=actor)
        assert away_since(visit) is None


def test_only_a_waiting_person_waits_and_their_first_joining_is_no_second_one(cast: Cast) -> None:
    visit = arrived(cast)
    with cast.acting(cast.patient_user) as actor:
        actions.wait(visit=visit, token=uuid4(), actor=actor)
    visit = admitted(cast, visit)
    joined(cast, visit, cast.patient_user)
    with cast.acting(cast.patient_user) as actor:
        refused("not-waiting", actions.wait, visit=visit, token=uuid4(), actor=actor)
        assert kinds(visit)[-1] == "joined"
        assert away_since(visit) is None
