"""Book, move, cancel, take over: what is refused and in which words, and what two at once cannot do."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.alerts.models import Alert
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.notifications.models import Delivery, State
from apps.sessions import actions
from apps.sessions.models import Visit, VisitEvent, VisitStatus
from apps.sessions.refusal import VisitRefused
from tests.cast import Cast
from tests.visits.scene import admitted, arrived, booked, finished, fresh, joined, member, soon


def refused(code: str, verb: Any, **what: Any) -> str:
    """The words of the refusal."""
    with pytest.raises(VisitRefused) as refusal:
        verb(**what)
    assert refusal.value.code == code
    return refusal.value.message


def test_a_booked_visit_is_planned_audited_and_told_to_the_person(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(60 * 48))
    with cast.acting(cast.coordinator):
        assert visit.status == VisitStatus.PLANNED
        assert visit.next_step_at == visit.starts_at - timedelta(hours=24)
        told = Delivery.objects.get(subject_id=visit.pk)
        assert told.recipient_id == cast.patient_user.pk
        assert told.context["link"] == f"/visits/{visit.pk}/"
        assert set(told.context) - {"calendar"} == {"clinic", "when", "at", "link"}
        assert VisitEvent.objects.filter(visit=visit, kind="booked", actor=member(cast.coordinator)).exists()
        assert AuditEvent.objects.filter(object_id=visit.pk, action="create", actor_id=cast.coordinator.pk).exists()


def test_a_clinicians_conflict_is_said_in_words(cast: Cast) -> None:
    first = booked(cast)
    with cast.acting(cast.coordinator):
        words = refused(
            "conflict",
            actions.book_visit,
            patient=cast.patient_2,
            clinician=member(cast.prescriber),
            starts_at=first.starts_at + timedelta(minutes=29),
            minutes=30,
            reason="",
            actor=cast.coordinator,
        )
    assert "Dr Ngozi Okafor has a visit with Alvarez, Maria" in words


def test_a_patients_conflict_is_said_in_words(cast: Cast) -> None:
    first = booked(cast)
    with cast.acting(cast.coordinator):
        words = refused(
            "conflict",
            actions.book_visit,
            patient=cast.patient,
            clinician=member(cast.nurse),
            starts_at=first.starts_at,
            minutes=10,
            reason="",
            actor=cast.coordinator,
        )
    assert "Alvarez, Maria has a visit with Dr Ngozi Okafor" in words


def test_visits_that_touch_do_not_overlap(cast: Cast) -> None:
    first = booked(cast)
    second = booked(cast, starts_at=first.ends_at)
    assert second.status == VisitStatus.PLANNED


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("past", {"starts_at": timedelta(minutes=-1)}),
        ("length", {"minutes": 0}),
        ("length", {"minutes": 181}),
        ("clinician", {"clinician": "coordinator"}),
        ("clinician", {"clinician": "other_prescriber"}),
        ("discharged", {"discharged": True}),
    ],
)
def test_a_booking_that_does_not_fit_is_refused(cast: Cast, code: str, change: dict[str, Any]) -> None:
    what = {"starts_at": timedelta(minutes=30), "minutes": 30, "clinician": "prescriber"} | change
    if what.pop("discharged", False):
        cast.patient.status = "discharged"
    with cast.acting(cast.coordinator):
        refused(
            code,
            actions.book_visit,
            patient=cast.patient,
            clinician=member(getattr(cast, what["clinician"])),
            starts_at=clock.now() + what["starts_at"],
            minutes=what["minutes"],
            reason="",
            actor=cast.coordinator,
        )


@pytest.mark.parametrize("who", ["patient_user", "clinic_admin"])
def test_only_staff_who_book_can_book(cast: Cast, who: str) -> None:
    actor = getattr(cast, who)
    with cast.acting(actor):
        refused(
            "not-allowed",
            actions.book_visit,
            patient=cast.patient,
            clinician=member(cast.prescriber),
            starts_at=soon(),
            minutes=30,
            reason="",
            actor=actor,
        )


def test_the_exclusion_constraint_is_the_last_wall(cast: Cast) -> None:
    visit = booked(cast)
    copy = Visit(
        clinic=cast.clinic,
        patient=cast.patient_2,
        clinician=member(cast.prescriber),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
    )
    refusal = pytest.raises(IntegrityError, match="clinician_is_in_one_place")
    with cast.acting(cast.coordinator), refusal, transaction.atomic():
        copy.save()


@pytest.mark.django_db(transaction=True)
def test_of_ten_bookings_of_the_same_time_at_once_one_wins(cast: Cast) -> None:
    starts_at, results, gate = soon(), [], threading.Barrier(10)

    def book(number: int) -> None:
        patient = cast.patient if number % 2 else cast.patient_2
        gate.wait()
        try:
            booked(cast, starts_at=starts_at, patient=patient)
            results.append("booked")
        except VisitRefused as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=book, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["booked"] + ["conflict"] * 9


def test_a_moved_visit_takes_its_reminders_along(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(60 * 48))
    later = soon(60 * 72)
    with cast.acting(cast.coordinator) as actor:
        moved = actions.change(visit=visit, actor=actor, starts_at=later, minutes=20)
        assert (moved.starts_at, moved.minutes) == (later, 20)
        assert moved.next_step_at == later - timedelta(hours=24)
        states = Delivery.objects.filter(subject_id=visit.pk).order_by("created_at").values_list("state", flat=True)
        assert list(states) == [State.CANCELLED, State.PENDING]


def test_a_visit_that_began_is_not_moved(cast: Cast) -> None:
    visit = arrived(cast)
    with cast.acting(cast.coordinator) as actor:
        refused("begun", actions.change, visit=visit, actor=actor, minutes=20)


def test_the_person_cancels_until_two_hours_before_and_the_clinic_gets_a_task(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(121))
    with cast.acting(cast.patient_user) as actor:
        assert actions.cancel(visit=visit, reason="", actor=actor).status == VisitStatus.CANCELLED
    with cast.acting(cast.coordinator):
        assert Alert.objects.get(patient=cast.patient, cause="visit-cancelled").level == "P3"
        assert not Delivery.objects.filter(subject_id=visit.pk, state=State.PENDING).exists()


def test_later_than_that_the_person_is_told_to_phone(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(119))
    with cast.acting(cast.patient_user) as actor:
        assert "phone the clinic" in refused("late", actions.cancel, visit=visit, reason="", actor=actor)


def test_staff_cancel_with_a_reason_while_the_person_waits_and_the_person_is_told(cast: Cast) -> None:
    visit = arrived(cast)
    with cast.acting(cast.coordinator) as actor:
        refused("reason", actions.cancel, visit=visit, reason=" ", actor=actor)
        actions.cancel(visit=visit, reason="Dr Okafor is ill", actor=actor)
        told = Delivery.objects.get(subject_id=visit.pk, template="visit-cancelled")
        assert "ill" not in str(told.context)
    assert fresh(cast, visit).cancel_reason == "Dr Okafor is ill"


def test_a_call_is_ended_and_not_cancelled(cast: Cast) -> None:
    visit = admitted(cast)
    with cast.acting(cast.prescriber) as actor:
        refused("begun", actions.cancel, visit=visit, reason="x", actor=actor)


def test_what_is_over_stays_over(cast: Cast) -> None:
    visit = finished(cast)
    with cast.acting(cast.prescriber) as actor:
        refused("over", actions.cancel, visit=visit, reason="x", actor=actor)
        refused("over", actions.take_over, visit=visit, actor=cast.nurse)


def test_another_patient_and_another_clinic_see_no_visit(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(600))
    for stranger in (cast.patient_2_user, cast.other_patient_user):
        with cast.acting(stranger) as actor:
            refused("not-found", actions.cancel, visit=visit, reason="", actor=actor)
    with cast.acting(cast.other_prescriber) as actor:
        refused("not-found", actions.cancel, visit=visit, reason="x", actor=actor)


def test_a_colleague_takes_the_visit_over_unless_the_first_is_in_the_call(cast: Cast) -> None:
    visit = admitted(cast)
    joined(cast, visit, cast.prescriber)
    with cast.acting(cast.nurse) as actor:
        assert "Dr Ngozi Okafor is in the call" in refused("taken", actions.take_over, visit=visit, actor=actor)
        clock.shift(timedelta(seconds=31))
        assert actions.take_over(visit=visit, actor=actor).clinician == member(cast.nurse)


def test_asking_for_a_visit_is_a_task_with_the_persons_words(cast: Cast) -> None:
    with cast.acting(cast.patient_user) as actor:
        alert = actions.ask_for_visit(patient=cast.patient, wish="Mornings, not Friday", actor=actor)
        refused("blank", actions.ask_for_visit, patient=cast.patient, wish=" ", actor=actor)
        refused("not-allowed", actions.ask_for_visit, patient=cast.patient_2, wish="now", actor=actor)
    assert (alert.level, alert.cause) == ("P3", "visit-request")
