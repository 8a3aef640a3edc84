"""A submitted survey: scored by its own rule, judged as a whole, once."""

from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection, transaction

from apps.accounts.clinic_settings import change_setting
from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring.actions import submit_response
from apps.monitoring.models import Observation, QuestionnaireResponse, Slot, SlotState
from apps.monitoring.refusals import SurveyRefused
from apps.notifications import actions as notifications
from apps.notifications.models import Delivery
from apps.patients.models import Patient
from tests.cast import Cast
from tests.monitoring.stage import give, give_all, open_slot

pytestmark = pytest.mark.django_db


def submit(cast: Cast, slot: Slot) -> QuestionnaireResponse:
    return submit_response(slot=slot, actor=slot.patient.user, auth_level="session")


def test_a_whole_form_is_scored_and_ends_its_slot(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        give_all(cast, slot, 2, 2, 2, 2, 1, 1, 1, 1, 0)
        response = submit(cast, slot)
        slot.refresh_from_db()
        assert not Alert.objects.exists()
    assert (response.total, response.severity, response.missing, response.prorated) == (12, "moderate", 0, False)
    assert (slot.state, slot.next_step_at) == (SlotState.ANSWERED, None)
    assert response.answers["q9"] == 0


def test_submitting_twice_gives_the_first_response(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        give_all(cast, slot, *[1] * 8, 0)
        assert submit(cast, slot).pk == submit(cast, slot).pk
        assert QuestionnaireResponse.objects.count() == 1


def test_the_newest_answer_of_an_item_counts(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        give_all(cast, slot, *[0] * 9)
        give(cast, slot, "q1", 3)
        assert submit(cast, slot).total == 3


def test_a_blank_safety_item_is_not_assessed_and_never_a_no(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        give_all(cast, slot, *[1] * 8)
        give(cast, slot, "q9", None, skipped=True)
        response = submit(cast, slot)
        alert = Alert.objects.get()
    assert (alert.level, alert.cause, alert.title) == ("P3", "not-assessed", "PHQ-9: item 9 not assessed")
    assert (response.total, response.prorated) == (9, True)


def test_three_missing_items_give_no_total(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        give_all(cast, slot, *[1] * 6)
        response = submit(cast, slot)
    assert (response.total, response.missing, response.valid) == (None, 3, True)


def test_answers_of_questions_that_are_not_asked_do_not_count(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast, "check-in")
        give(cast, slot, "mood", 60)
        give(cast, slot, "problem", True)
        give(cast, slot, "problem_kind", 3)
        give(cast, slot, "problem", False)
        assert submit(cast, slot).answers == {"mood": 60, "problem": False}


def test_worse_than_at_the_start_is_a_task(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        give_all(cast, slot, *[1] * 8, 0)
        submit(cast, slot)
        later = next_slot(slot)
        give_all(cast, later, *[2] * 7, 0, 0)
        submit(cast, later)
        alert = Alert.objects.get()
    assert (alert.level, alert.title) == ("P3", "PHQ-9 14, was 8 at the start")


def next_slot(slot: Slot) -> Slot:
    later = slot.assignment.slots.filter(opens_at__gt=clock.now()).order_by("opens_at").first()
    assert later is not None
    later.state = SlotState.OPEN
    later.save()
    return later


def test_daily_answers_become_observations(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast, "check-in")
        give(cast, slot, "mood", 71)
        give(cast, slot, "medicine", 2)
        give(cast, slot, "sleep", None, skipped=True)
        response = submit(cast, slot)
        rows = {row.code: (row.value, row.unit, row.effective_at) for row in Observation.objects.all()}
    assert rows == {
        "mood": (Decimal(71), "{score}", response.authored_at),
        "medicine-effect": (Decimal(2), "{score}", response.authored_at),
    }


@pytest.mark.parametrize(("mood", "alerts"), [(30, 1), (31, 0)])
def test_a_fall_of_mood_by_thirty_from_the_three_day_mean_is_a_task(cast: Cast, mood: int, alerts: int) -> None:
    with cast.acting(cast.patient_user):
        for days, value in ((1, 50), (2, 60), (3, 70), (4, 0)):
            _mood(cast.patient, days, value)
        slot = open_slot(cast, "check-in")
        give(cast, slot, "mood", mood)
        submit(cast, slot)
        assert Alert.objects.filter(cause="mood-fall", level="P3").count() == alerts


def _mood(patient: Patient, days_ago: int, value: int) -> None:
    Observation.objects.create(
        clinic=patient.clinic,
        patient=patient,
        code="mood",
        value=value,
        unit="{score}",
        source="check-in",
        effective_at=clock.now() - timedelta(days=days_ago) + timedelta(minutes=5),
    )


def test_the_clinic_sets_how_deep_a_fall_must_be(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        change_setting(clinic=cast.clinic, name="mood_fall_points", value=10, actor=None, reason="test")
        _mood(cast.patient, 1, 50)
        slot = open_slot(cast, "check-in")
        give(cast, slot, "mood", 40)
        submit(cast, slot)
        assert Alert.objects.filter(cause="mood-fall").exists()


def test_pending_reminders_are_cancelled_and_those_that_went_out_are_answered(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        first = notifications.queue(
            clinic_id=slot.clinic_id,
            kind="4-reminder",
            dedupe_key=f"rem:{slot.pk}:sms:1",
            subject_kind="slot",
            subject_id=slot.pk,
            recipient_id=cast.patient_user.pk,
            channel="sms",
            address="+15550100",
            template="survey-reminder",
            context={},
        )
        assert first
        for state in ("leased", "sending", "sent"):
            Delivery.objects.filter(pk=first.pk).update(state=state, lease_until=clock.now())
        notifications.queue(
            clinic_id=slot.clinic_id,
            kind="4-reminder",
            dedupe_key=f"rem:{slot.pk}:email:1",
            subject_kind="slot",
            subject_id=slot.pk,
            recipient_id=cast.patient_user.pk,
            channel="email",
            address="maria@telek.example",
            template="survey-reminder",
            context={},
        )
        submit(cast, slot)
        assert Delivery.objects.get(channel="email").state == "cancelled"
        first.refresh_from_db()
        assert first.answered_at
        assert first.delivered_at is None  # it proves no arrival


@pytest.mark.parametrize(
    ("state", "code"), [("scheduled", "slot-not-open"), ("missed", "slot-closed"), ("cancelled", "slot-closed")]
)
def test_only_an_open_form_can_be_submitted(cast: Cast, state: str, code: str) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        slot.state = state
        slot.save()
        with pytest.raises(SurveyRefused) as refusal:
            submit(cast, slot)
    assert refusal.value.code == code


@pytest.mark.django_db(transaction=True)
def test_two_devices_submit_at_once_and_there_is_one_response(cast: Cast) -> None:
    with cast.acting(cast.patient_user), transaction.atomic():
        slot = open_slot(cast)
        give_all(cast, slot, *[1] * 9)
    found: list[object] = []

    def one_device() -> None:
        try:
            with use_clinic(cast.clinic.pk), transaction.atomic():
                found.append(submit(cast, slot).pk)
        finally:
            connection.close()

    devices = [Thread(target=one_device) for _ in range(4)]
    for device in devices:
        device.start()
    for device in devices:
        device.join()
    assert len(found) == 4
    assert len(set(found)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_devices_send_the_same_answer_at_once_and_there_is_one_alert(cast: Cast) -> None:
    with cast.acting(cast.patient_user), transaction.atomic():
        slot = open_slot(cast)
    saved: list[bool] = []

    def one_device() -> None:
        try:
            with use_clinic(cast.clinic.pk), transaction.atomic():
                saved.append(give(cast, slot, "q9", 2, client_id=slot.pk).created)
        finally:
            connection.close()

    devices = [Thread(target=one_device) for _ in range(4)]
    for device in devices:
        device.start()
    for device in devices:
        device.join()
    assert sorted(saved) == [False, False, False, True]
    with cast.acting(cast.patient_user), transaction.atomic():
        assert Alert.objects.count() == 1
