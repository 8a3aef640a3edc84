"""Giving a survey to a person."""

from datetime import time, timedelta

import pytest

from apps.accounts.clinic_settings import change_setting
from apps.monitoring import actions
from apps.monitoring.instruments import LIBRARY
from apps.monitoring.models import Questionnaire, SafetyItem, Slot, SlotState
from apps.monitoring.plans import local_today
from apps.monitoring.published import definition_of, from_json, to_json
from apps.monitoring.refusals import SurveyRefused
from tests.cast import Cast
from tests.monitoring.stage import assigned, open_slot, questionnaire

pytestmark = pytest.mark.django_db


def test_publishing_is_idempotent_and_knows_each_unsafe_answer() -> None:
    first = actions.publish_library()
    again = actions.publish_library()
    assert {key: row.pk for key, row in first.items()} == {key: row.pk for key, row in again.items()}
    assert set(SafetyItem.objects.filter(questionnaire=first["phq-9"]).values_list("link_id", "value")) == {
        ("q9", 1),
        ("q9", 2),
        ("q9", 3),
    }
    assert not SafetyItem.objects.filter(questionnaire=first["check-in"], link_id="problem_kind", value=12).exists()


@pytest.mark.parametrize("key", sorted(LIBRARY))
def test_a_published_definition_reads_back_as_it_was(key: str) -> None:
    assert from_json(to_json(LIBRARY[key])) == LIBRARY[key]
    assert definition_of(questionnaire(key)) == LIBRARY[key]


def test_a_changed_text_under_a_published_version_is_refused() -> None:
    row = actions.publish_library()["gad-7"]
    Questionnaire.objects.create(
        key="peg-test", version=row.version, title="x", definition=row.definition, digest="0" * 64
    )
    with pytest.raises(actions.PublishedDiffers):
        _publish_under("peg-test")


def _publish_under(key: str) -> None:
    import dataclasses

    from apps.monitoring.actions.library import publish

    publish(dataclasses.replace(LIBRARY["gad-7"], key=key), "en")


def test_an_assignment_makes_the_slots_of_two_weeks(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        row = assigned(cast)
        today = local_today(cast.patient)
        keys = list(row.slots.order_by("slot_key").values_list("slot_key", flat=True))
    assert keys == [(today + timedelta(days=days)).isoformat() for days in range(15)]
    assert row.assigned_by == cast.nurse.membership


def test_no_survey_is_published_without_crisis_numbers(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        change_setting(clinic=cast.clinic, name="emergency_number", value="", actor=None, reason="test")
        with pytest.raises(SurveyRefused, match="crisis line") as refusal:
            assigned(cast)
    assert refusal.value.code == "no-crisis-numbers"


@pytest.mark.parametrize(
    ("key", "code"), [("c-ssrs", "no-wording"), ("madrs", "no-wording"), ("qids-sr16", "no-wording")]
)
def test_an_instrument_without_wording_is_never_shown_to_a_patient(cast: Cast, key: str, code: str) -> None:
    with cast.acting(cast.nurse), pytest.raises(SurveyRefused) as refusal:
        assigned(cast, key)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"rhythm": "hourly"},
        {"rhythm": "weekly"},
        {"rhythm": "weekly", "weekday": 7},
        {"open_hours": 0},
        {"open_hours": 25},
    ],
)
def test_a_rhythm_that_makes_no_sense_is_refused(cast: Cast, wrong: dict[str, object]) -> None:
    with cast.acting(cast.nurse), pytest.raises(SurveyRefused) as refusal:
        assigned(cast, **wrong)  # type: ignore[arg-type]
    assert refusal.value.code == "wrong-rhythm"


def test_the_same_form_is_not_given_twice(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        assigned(cast)
        with pytest.raises(SurveyRefused) as refusal:
            assigned(cast)
    assert refusal.value.code == "already-assigned"


def test_a_pause_cancels_the_days_before_its_end_and_an_end_all(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        slot = open_slot(cast)
        until = local_today(cast.patient) + timedelta(days=5)
        actions.pause(assignment=slot.assignment, until=until, actor=cast.nurse)
        cancelled = Slot.objects.filter(state=SlotState.CANCELLED)
        assert cancelled.count() == 4
        actions.end(assignment=slot.assignment, actor=cast.nurse)
        assert not Slot.objects.filter(state__in=[SlotState.SCHEDULED, SlotState.OPEN]).exists()
        with pytest.raises(SurveyRefused):
            actions.end(assignment=slot.assignment, actor=cast.nurse)


def test_a_form_that_comes_once_and_would_be_over_today_comes_tomorrow(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        late = assigned(morning, rhythm="once", opens_time=time(0, 1), open_hours=2)
        early = assigned(morning, "gad-7", rhythm="once", opens_time=time(8), open_hours=16)
        today = local_today(morning.patient)
        assert [slot.slot_key for slot in late.slots.all()] == [str(today + timedelta(days=1))]
        assert [slot.slot_key for slot in early.slots.all()] == [str(today)]
