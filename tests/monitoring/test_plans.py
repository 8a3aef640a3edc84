"""Schedules as rows: after a dose, by phase, within the weekly budget; nothing is ever sent again."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from apps.accounts.clinic_settings import change_setting
from apps.core import clock
from apps.monitoring import actions
from apps.monitoring.actions.anchors import move_anchor, record_anchor, void_anchor
from apps.monitoring.actions.phases import lines_of, phase_of
from apps.monitoring.models import (
    Anchor,
    Assignment,
    Holiday,
    ItemAnswer,
    ScheduleLine,
    Slot,
    SlotState,
    TreatmentPhase,
)
from apps.monitoring.plans import local_today, make_slots, retime
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.schedule import open_due_slots
from apps.notifications.models import Delivery
from tests.cast import Cast
from tests.monitoring.stage import MORNING, assigned, give, questionnaire

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channels")]


def after_dose(cast: Cast, key: str = "phq-9") -> Assignment:
    return assigned(cast, key, rhythm="anchored", offsets=(240, 1440, 4320, 10080, 20160), open_hours=8)


def dose(cast: Cast, at: datetime) -> Anchor:
    return record_anchor(
        patient=cast.patient, kind="dose", label="IV 0.5 mg/kg", started_at=at, ended_at=None, actor=cast.nurse
    )


def planned(state: str = SlotState.SCHEDULED) -> list[datetime]:
    return list(Slot.objects.filter(state=state).order_by("opens_at").values_list("opens_at", flat=True))


def reminders() -> int:
    return Delivery.objects.filter(subject_kind="slot").count()


def test_a_dose_plans_its_forms_and_a_later_time_moves_them_under_the_same_names(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        after_dose(cast)
        assert planned() == []
        row = dose(cast, MORNING)
        hours = (4, 24, 72, 7 * 24, 14 * 24)
        assert planned() == [MORNING + timedelta(hours=number) for number in hours]
        names = set(Slot.objects.values_list("pk", "slot_key"))
        end = MORNING + timedelta(minutes=40)
        move_anchor(anchor=row, started_at=MORNING, ended_at=end, actor=cast.nurse)
        assert planned() == [end + timedelta(hours=number) for number in hours]
        assert set(Slot.objects.values_list("pk", "slot_key")) == names
        assert make_slots() == 0


def test_a_dose_that_moves_sends_nothing_again_and_loses_no_answer(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        after_dose(cast)
        row = dose(cast, MORNING - timedelta(hours=4, minutes=1))
        open_due_slots()
        slot = Slot.objects.get(state=SlotState.OPEN)
        give(cast, slot, "q1", 2)
        sent, closes_at = reminders(), slot.closes_at
        assert sent == 1
        for hours in (3, -2, 30, 0):
            moved = MORNING + timedelta(hours=hours)
            move_anchor(anchor=row, started_at=moved, ended_at=None, actor=cast.nurse)
            open_due_slots()
            slot.refresh_from_db()
            assert slot.state == SlotState.OPEN
            assert slot.closes_at >= closes_at
        assert reminders() == sent
        actions.submit_response(slot=slot, actor=cast.patient_user, auth_level="session")
        move_anchor(anchor=row, started_at=MORNING + timedelta(days=1), ended_at=None, actor=cast.nurse)
        slot.refresh_from_db()
        assert slot.state == SlotState.ANSWERED
        assert slot.response.answers == {"q1": 2}


def test_a_dose_taken_back_cancels_what_was_planned_and_keeps_what_was_answered(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        after_dose(cast)
        row = dose(cast, MORNING - timedelta(hours=4, minutes=1))
        open_due_slots()
        slot = Slot.objects.get(state=SlotState.OPEN)
        give(cast, slot, "q1", 2)
        void_anchor(anchor=row, actor=cast.nurse)
        assert planned() == []
        slot.refresh_from_db()
        assert slot.state == SlotState.OPEN
        assert ItemAnswer.objects.filter(slot=slot).count() == 1
        void_anchor(anchor=row, actor=cast.nurse)  # the same again changes nothing


def test_an_open_form_of_a_dose_that_never_was_is_closed_without_a_task(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        after_dose(cast)
        row = dose(cast, MORNING - timedelta(hours=4, minutes=1))
        open_due_slots()
        void_anchor(anchor=row, actor=cast.nurse)
        assert not Slot.objects.filter(state__in=[SlotState.OPEN, SlotState.SCHEDULED]).exists()
        assert not Delivery.objects.filter(state="pending", subject_kind="slot").exists()


def test_the_next_dose_takes_over_and_its_mistake_gives_back(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        after_dose(cast)
        dose(cast, MORNING)
        before = planned()
        second = dose(cast, MORNING + timedelta(days=3))
        assert len(planned()) == 2 + 4  # the 14th day after it is more than two weeks ahead
        assert planned()[2] == MORNING + timedelta(days=3, hours=4)
        void_anchor(anchor=second, actor=cast.nurse)
        assert planned() == before


def test_a_journey_moves_the_weeks_after_a_dose_on_the_wall_and_no_hours(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        after_dose(cast)
        dose(cast, MORNING)
        names = set(Slot.objects.values_list("pk", "slot_key"))
        cast.patient.time_zone = "Europe/Berlin"
        cast.patient.save()
        retime(cast.patient)
        assert set(Slot.objects.values_list("pk", "slot_key")) == names
        assert set(Slot.objects.values_list("time_zone", flat=True)) == {"Europe/Berlin"}
        assert planned()[:3] == [MORNING + timedelta(hours=number) for number in (4, 24, 72)]


# --- editing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        {"opens_time": time(11)},
        {"rhythm": "weekly", "weekday": 4},
        {"rhythm": "daily", "every": 2},
        {"open_hours": 3, "opens_time": time(10)},
        {"rhythm": "once"},
    ],
)
def test_an_edit_never_asks_again_what_was_asked(morning: Cast, edit: dict[str, object]) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        row = assigned(cast, rhythm="weekly", weekday=1, opens_time=time(8), open_hours=12)
        open_due_slots()
        slot = Slot.objects.get(state=SlotState.OPEN)
        sent = reminders()
        actions.change_schedule(assignment=row, actor=cast.nurse, **edit)
        for _turn in range(3):
            clock.shift(timedelta(hours=3))
            open_due_slots()
        assert reminders() == sent + Delivery.objects.filter(subject_id=slot.pk, dedupe_key__endswith=":2").count()
        slot.refresh_from_db()
        assert slot.state == SlotState.OPEN
        today = local_today(cast.patient)
        assert all(
            day > today.isoformat() for day in Slot.objects.filter(state="scheduled").values_list("slot_key", flat=True)
        )
        if edit.get("rhythm") == "weekly":
            first = Slot.objects.filter(state="scheduled").order_by("opens_at").first()
            assert first is not None
            assert first.slot_key == "2026-12-04"  # the Friday of the next week


def test_what_an_edit_took_away_an_edit_brings_back(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        row = assigned(cast, rhythm="weekly", weekday=3)
        before = set(Slot.objects.filter(state="scheduled").values_list("pk", flat=True))
        actions.change_schedule(assignment=row, actor=cast.nurse, weekday=5)
        assert not before & set(Slot.objects.filter(state="scheduled").values_list("pk", flat=True))
        actions.change_schedule(assignment=row, actor=cast.nurse, weekday=3)
        assert set(Slot.objects.filter(state="scheduled").values_list("pk", flat=True)) == before


@pytest.mark.parametrize(
    "wrong",
    [{"every": 0}, {"every": 99}, {"rhythm": "anchored", "offsets": [0]}, {"rhythm": "anchored", "offsets": [10**6]}],
)
def test_a_schedule_that_cannot_be_is_refused(morning: Cast, wrong: dict[str, object]) -> None:
    with morning.acting(morning.nurse):
        with pytest.raises(SurveyRefused) as refusal:
            assigned(morning, **wrong)
        assert refusal.value.code == "wrong-rhythm"


def test_a_weekly_form_of_a_holiday_opens_the_next_day_under_its_own_name(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        for day, name in ((date(2026, 11, 26), "Thanksgiving"), (date(2026, 11, 27), "Closed")):
            Holiday.objects.create(clinic=cast.clinic, day=day, name=name)
        assigned(cast, rhythm="weekly", weekday=3, opens_time=time(8), open_hours=12)
        slot = Slot.objects.order_by("opens_at").first()
        assert slot is not None
        assert (slot.slot_key, slot.opens_at) == ("2026-11-26", datetime(2026, 11, 28, 13, tzinfo=UTC))


# --- the weekly budget --------------------------------------------------------------------------------


def budget(cast: Cast, items: int) -> None:
    change_setting(clinic=cast.clinic, name="weekly_item_budget", value=items, actor=None, reason="test")


@pytest.mark.parametrize(
    ("items", "gone"),
    [(38, {("audit-c", "budget"), ("gad-7", "budget")}), (40, {("gad-7", "budget")})],
    ids=["both-go", "the-short-one-fits-again"],
)
def test_a_week_over_its_budget_leaves_out_the_least_important_and_says_so(
    morning: Cast, items: int, gone: set[tuple[str, str]]
) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        budget(cast, items)
        assigned(cast, "phq-9", rhythm="weekly", weekday=3)
        assigned(cast, "gad-7", rhythm="weekly", weekday=3)
        assigned(cast, "audit-c", rhythm="weekly", weekday=3)
        assigned(cast, "check-in")
        left_out = Slot.objects.exclude(left_out="").order_by("opens_at").select_related("questionnaire")
        whole_week = [slot for slot in left_out if slot.slot_key == "2026-12-03"]
        assert {(slot.questionnaire.key, slot.left_out) for slot in whole_week} == gone
        assert not left_out.filter(questionnaire__key__in=["phq-9", "check-in"]).exists()
        budget(cast, 100)
        make_slots()
        clock.shift(timedelta(days=1))
        make_slots()  # a new day was planned: the week is weighed again
        assert not Slot.objects.filter(left_out="budget", opens_at__gt=clock.now()).exists()


def test_the_phq_2_is_merged_into_the_phq_9_of_its_week(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        assigned(cast, "phq-2", rhythm="weekly", weekday=4)
        assigned(cast, "phq-9", rhythm="weekly", weekday=4)
        assert set(Slot.objects.filter(questionnaire__key="phq-2").values_list("left_out", flat=True)) == {"merged"}


# --- phases -------------------------------------------------------------------------------------------


def running() -> dict[str, tuple[str, int, str]]:
    rows = Assignment.objects.filter(status="active").select_related("questionnaire")
    return {row.questionnaire.key: (row.rhythm, row.every, row.phase) for row in rows}


def test_a_switch_of_phase_ends_one_set_and_starts_the_other_and_asks_nothing_twice(morning: Cast) -> None:
    cast = morning
    questionnaire()
    with cast.acting(cast.nurse):
        first = actions.switch_phase(patient=cast.patient, phase="induction", actor=cast.nurse)
        assert {line.key for line in first.starts} == {"check-in", "phq-9", "gad-7"}
        assert {key for key, _why in first.left_alone} == {"c-ssrs", "who-5", "asrm"}
        assert running()["phq-9"] == ("weekly", 1, "induction")
        open_due_slots()
        open_now, sent = set(Slot.objects.filter(state="open").values_list("pk", flat=True)), reminders()
        assert open_now
        actions.switch_phase(patient=cast.patient, phase="maintenance", actor=cast.nurse)
        assert running()["phq-9"] == ("weekly", 4, "maintenance")
        assert running()["audit-c"] == ("weekly", 12, "maintenance")
        assert set(Slot.objects.filter(state="open", pk__in=open_now).values_list("pk", flat=True)) == open_now
        assert not Slot.objects.filter(
            questionnaire__key="phq-9", state="scheduled", opens_at__lt=MORNING + timedelta(days=14)
        )
        again = actions.switch_phase(patient=cast.patient, phase="maintenance", actor=cast.nurse)
        assert (again.starts, again.changes, again.ends) == ([], [], [])
        assert phase_of(cast.patient).phase == "maintenance"  # type: ignore[union-attr]
        assert TreatmentPhase.objects.filter(ended_at=None).count() == 1
        old = Delivery.objects.filter(subject_id__in=open_now).count()
        assert old == sent


def test_what_was_given_by_hand_is_left_alone(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        assigned(cast, "gad-7", rhythm="weekly", weekday=2)
        found = actions.switch_phase(patient=cast.patient, phase="induction", actor=cast.nurse)
        assert ("gad-7", "given by hand, stays as it is") in found.left_alone
        actions.switch_phase(patient=cast.patient, phase="follow-up", actor=cast.nurse)
        assert running()["gad-7"] == ("weekly", 1, "")
        assert "check-in" not in running()


def test_a_clinic_has_its_own_set_and_an_unknown_phase_is_refused(morning: Cast) -> None:
    cast = morning
    questionnaire()
    with cast.acting(cast.nurse):
        ScheduleLine.objects.create(
            clinic=cast.clinic, phase="induction", key="phq-9", rhythm="anchored", offsets=[1440]
        )
        assert [line.key for line in lines_of(cast.clinic, "induction")] == ["phq-9"]
        actions.switch_phase(patient=cast.patient, phase="induction", actor=cast.nurse)
        assert running() == {"phq-9": ("anchored", 1, "induction")}
        dose(cast, MORNING)
        assert planned() == [MORNING + timedelta(days=1)]
        with pytest.raises(SurveyRefused):
            actions.switch_phase(patient=cast.patient, phase="autumn", actor=cast.nurse)
