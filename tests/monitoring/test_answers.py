"""An answer and its alert are one fact."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from apps.alerts.models import Alert, AlertOccurrence
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.failpoints import FailpointReached
from apps.monitoring.actions import Given, save_answers
from apps.monitoring.instruments import AnswerRefused
from apps.monitoring.models import ItemAnswer, SlotState
from apps.monitoring.refusals import SurveyRefused
from tests.cast import Cast
from tests.monitoring.stage import give, open_slot

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("value", "level"), [(1, "P2"), (2, "P1"), (3, "P1")])
def test_item_nine_above_zero_raises_an_alert(cast: Cast, value: int, level: str) -> None:
    with cast.acting(cast.patient_user):
        saved = give(cast, open_slot(cast), "q9", value)
        alert = Alert.objects.get()
        occurrence = AlertOccurrence.objects.get()
    assert (alert.level, alert.cause, alert.worst_value) == (level, "suicidal-thoughts", value)
    assert alert.title == f"PHQ-9 item 9 = {value}"
    assert (occurrence.source_kind, occurrence.source_id) == ("item-answer", saved.answer.pk)
    assert (str(saved.level), saved.suicidal, saved.late, saved.created) == (level, True, False, True)


def test_a_harmless_answer_raises_nothing_and_is_audited(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        saved = give(cast, open_slot(cast), "q9", 0)
        assert not Alert.objects.exists()
        assert AuditEvent.objects.filter(object_id=saved.answer.pk, actor_id=cast.patient_user.pk).count() == 1
    assert saved.level is None


def _told(link_id: str, value: Any, client_id: UUID | None = None) -> Given:
    return Given(link_id, value, client_id or uuid4(), clock.now(), "session", "list")


def test_several_answers_at_once_are_judged_one_by_one_and_audited_each(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot, same = open_slot(cast), uuid4()
        give(cast, slot, "q1", 1, client_id=same)
        given = [_told("q1", 1, same), _told("q2", 3), _told("q9", 2), _told("q3", None)]
        saved = save_answers(slot=slot, given=given, actor=cast.patient_user)
        assert [(one.created, one.suicidal) for one in saved] == [
            (False, False),
            (True, False),
            (True, True),
            (True, False),
        ]
        assert [(one.answer.link_id, one.answer.value) for one in saved] == [
            ("q1", 1),
            ("q2", 3),
            ("q9", 2),
            ("q3", None),
        ]
        assert Alert.objects.get().title == "PHQ-9 item 9 = 2"
        assert AlertOccurrence.objects.get().source_id == saved[2].answer.pk
        for one in saved:
            assert AuditEvent.objects.filter(object_id=one.answer.pk, actor_id=cast.patient_user.pk).count() == 1


@pytest.mark.parametrize("last", [("q9", 9), ("q10", 1)])
def test_of_several_answers_one_that_is_refused_leaves_none(cast: Cast, last: tuple[str, int]) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        with pytest.raises(AnswerRefused):
            save_answers(slot=slot, given=[_told("q9", 2), _told(*last)], actor=cast.patient_user)
        assert not ItemAnswer.objects.exists()
        assert not Alert.objects.exists()


def test_the_same_answer_twice_is_one_row_and_one_alert(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot, client_id = open_slot(cast), uuid4()
        first = give(cast, slot, "q9", 2, client_id=client_id)
        again = give(cast, slot, "q9", 2, client_id=client_id)
        assert (ItemAnswer.objects.count(), AlertOccurrence.objects.count()) == (1, 1)
    assert again.answer == first.answer
    assert again.created is False
    assert again.suicidal is True


@pytest.mark.parametrize(("link_id", "value"), [("q9", 1), ("q8", 2), ("q9", None)])
def test_the_same_client_id_with_another_body_is_a_conflict(cast: Cast, link_id: str, value: Any) -> None:
    with cast.acting(cast.patient_user):
        slot, client_id = open_slot(cast), uuid4()
        give(cast, slot, "q9", 2, client_id=client_id)
        with pytest.raises(SurveyRefused) as refusal:
            give(cast, slot, link_id, value, client_id=client_id)
        assert ItemAnswer.objects.count() == 1
    assert refusal.value.code == "answer-conflict"


def test_a_note_sent_twice_is_one_row_and_an_empty_one_is_cleared(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot, one, two = open_slot(cast, "check-in"), uuid4(), uuid4()
        for text, client_id in (("slept well", one), ("slept well", one), ("", two), ("", two)):
            give(cast, slot, "note", text, client_id=client_id)
        assert list(ItemAnswer.objects.order_by("received_at").values_list("text", flat=True)) == ["slept well", ""]


def test_an_unsafe_answer_taken_back_does_not_withdraw_its_alert(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        give(cast, slot, "q9", 3)
        give(cast, slot, "q9", 0)
        give(cast, slot, "q9", None)
        alert = Alert.objects.get()
        assert ItemAnswer.objects.count() == 3
    assert (alert.level, alert.state, alert.worst_value) == ("P1", "open", 3)


def test_a_worse_answer_names_what_it_was_before(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        give(cast, slot, "q9", 0)
        later = slot.assignment.slots.exclude(pk=slot.pk).order_by("opens_at").first()
        assert later is not None
        later.state = SlotState.OPEN
        later.save()
        give(cast, later, "q9", 2)
        assert Alert.objects.get().title == "PHQ-9 item 9 = 2, was 0"


@pytest.mark.parametrize("value", [4, -1, 1.0, "3", True, float("nan"), float("inf"), [1], {"value": 1}])
def test_what_is_no_answer_of_the_item_is_refused_and_stores_nothing(cast: Cast, value: Any) -> None:
    with cast.acting(cast.patient_user):
        with pytest.raises(AnswerRefused):
            give(cast, open_slot(cast), "q9", value)
        assert not ItemAnswer.objects.exists()


def test_an_item_of_another_survey_is_refused(cast: Cast) -> None:
    with cast.acting(cast.patient_user), pytest.raises(AnswerRefused):
        give(cast, open_slot(cast), "mood", 50)


def test_a_skipped_answer_cannot_have_a_value(cast: Cast) -> None:
    with cast.acting(cast.patient_user), pytest.raises(AnswerRefused):
        give(cast, open_slot(cast), "q1", 2, skipped=True)


@pytest.mark.parametrize("state", [SlotState.ANSWERED, SlotState.MISSED, SlotState.CANCELLED])
def test_a_late_harmless_answer_is_refused(cast: Cast, state: str) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        slot.state, slot.next_step_at = state, None
        slot.save()
        with pytest.raises(SurveyRefused) as refusal:
            give(cast, slot, "q9", 0)
    assert refusal.value.code == "slot-closed"


def test_a_late_unsafe_answer_is_kept_and_still_alerts(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        slot.state, slot.next_step_at = SlotState.MISSED, None
        slot.save()
        saved = give(cast, slot, "q9", 2)
        assert saved.late is True
        assert Alert.objects.get().level == "P1"
        slot.refresh_from_db()
        assert slot.state == SlotState.MISSED


def test_an_answer_before_the_slot_opens_is_refused(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        slot.state = SlotState.SCHEDULED
        slot.save()
        with pytest.raises(SurveyRefused) as refusal:
            give(cast, slot, "q9", 3)
    assert refusal.value.code == "slot-not-open"


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_wrong_device_clock_is_kept_as_it_was_and_decides_nothing(cast: Cast, year: int) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        give(cast, slot, "q1", 1, answered_at=clock.now())
        saved = give(cast, slot, "q1", 2, answered_at=datetime(year, 1, 1, tzinfo=UTC))
    assert saved.answer.answered_at.year == year
    assert abs((saved.answer.received_at - clock.now()).total_seconds()) < 60


@pytest.mark.parametrize("value", [1, 2, 3])
def test_the_database_itself_refuses_an_unsafe_answer_without_an_alert(cast: Cast, value: int) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        with pytest.raises(IntegrityError, match="without an alert"):
            _insert_raw(slot, value)
        _insert_raw(slot, 0)


@transaction.atomic
def _insert_raw(slot: Any, value: int) -> None:
    """Past the action, to the moment of commit."""
    ItemAnswer.objects.create(
        clinic=slot.clinic,
        slot=slot,
        patient=slot.patient,
        questionnaire=slot.questionnaire,
        link_id="q9",
        value=value,
        client_id=uuid4(),
        answered_at=clock.now(),
        received_at=clock.now(),
        auth_level="session",
        presentation="api",
    )
    connection.cursor().execute("set constraints all immediate")


def test_an_answer_is_never_changed(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        saved = give(cast, open_slot(cast), "q1", 1)
        with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
            ItemAnswer.objects.filter(pk=saved.answer.pk).update(value=0)


@pytest.mark.parametrize("place", ["answer.before-insert", "answer.after-insert", "answer.before-commit"])
def test_a_failure_on_the_way_leaves_neither_answer_nor_alert(cast: Cast, settings: Any, place: str) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast)
        settings.FAILPOINTS = f"{place}=raise"
        with pytest.raises(FailpointReached):
            give(cast, slot, "q9", 3)
        assert not ItemAnswer.objects.exists()
        assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("kind", "level", "cause"),
    [(8, "P2", "blood-in-urine"), (9, "P2", "mania"), (10, "P2", "psychosis"), (11, "P1", "chest-pain")],
)
def test_a_reported_problem_pages_by_its_kind(cast: Cast, kind: int, level: str, cause: str) -> None:
    with cast.acting(cast.patient_user):
        saved = give(cast, open_slot(cast, "check-in"), "problem_kind", kind)
        alert = Alert.objects.get()
    assert (alert.level, alert.cause, saved.suicidal) == (level, cause, False)
    assert alert.title.startswith("Reported: ")


def test_a_severe_problem_is_a_task_and_something_else_is_not(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        slot = open_slot(cast, "check-in")
        give(cast, slot, "problem_kind", 12)
        assert not Alert.objects.exists()
        give(cast, slot, "problem_severity", 3)
        assert Alert.objects.get().level == "P3"
