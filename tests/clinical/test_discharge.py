"""Close-out of a session and the due date of the monitoring form."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.discharge import (
    NO_OVERRIDE,
    CloseOut,
    Condition,
    NasalTimes,
    nasal_close_out,
    parenteral_close_out,
)
from apps.sessions.rems_form import rems_form_due
from tests.clinical.strategies import thorough

FIRST = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LAST = FIRST + timedelta(minutes=5)
WELL = Condition(bp_pre=(130, 80), bp_end=(132, 82), moaas=5, dissociation_resolved=True, spo2=97, escort=True)


def _after(minutes: float | None) -> datetime | None:
    return None if minutes is None else LAST + timedelta(minutes=minutes)


def _nasal(*, waited: float | None = 120, bp40: float | None = 40, **changes: Any) -> CloseOut:
    times = NasalTimes(FIRST, LAST, _after(bp40), _after(waited))
    return nasal_close_out(times, dataclasses.replace(WELL, **changes))


def test_all_well_after_two_hours_may_leave() -> None:
    found = _nasal()
    assert (found.can_discharge, found.blockers) == (True, ())
    assert (found.form_total_minutes, found.minutes_since_last_device) == (125, 120)


@pytest.mark.parametrize(
    ("changes", "blockers"),
    [
        ({"waited": 119}, ["under_2h_since_last_device"]),
        ({"waited": 119.99}, ["under_2h_since_last_device"]),
        ({"waited": None}, ["under_2h_since_last_device"]),
        ({"waited": -30}, ["under_2h_since_last_device"]),
        ({"bp40": None}, ["no_bp_at_40min"]),
        ({"bp40": 29}, ["no_bp_at_40min"]),
        ({"bp40": 30}, []),
        ({"bp40": 50}, []),
        ({"bp40": 51}, ["no_bp_at_40min"]),
        ({"bp_end": None}, ["no_bp_at_end"]),
        ({"bp_pre": (145, 80), "bp_end": (159, 80)}, []),
        ({"bp_pre": (145, 80), "bp_end": (160, 80)}, ["bp_not_settled"]),
        ({"bp_pre": (130, 95), "bp_end": (130, 99)}, []),
        ({"bp_pre": (130, 95), "bp_end": (130, 100)}, ["bp_not_settled"]),
        ({"bp_end": (150, 80)}, []),
        ({"bp_end": (151, 80)}, ["bp_not_settled"]),
        ({"bp_end": (130, 90)}, []),
        ({"bp_end": (130, 91)}, ["bp_not_settled"]),
        ({"bp_pre": None}, ["bp_not_settled"]),
        ({"moaas": 4}, ["sedated"]),
        ({"moaas": None}, ["sedated"]),
        ({"dissociation_resolved": False}, ["dissociation"]),
        ({"dissociation_resolved": None}, ["dissociation"]),
        ({"spo2": 94}, []),
        ({"spo2": 93}, ["spo2"]),
        ({"spo2": None}, ["spo2"]),
        ({"escort": False}, ["no_escort"]),
        ({"escort": None}, ["no_escort"]),
    ],
)
def test_each_blocker_of_a_nasal_session(changes: dict[str, Any], blockers: list[str]) -> None:
    found = _nasal(**changes)
    assert list(found.blockers) == blockers
    assert found.can_discharge is (not blockers)
    assert found.overridable is NO_OVERRIDE.isdisjoint(blockers)


def test_nothing_recorded_blocks_everything() -> None:
    found = nasal_close_out(NasalTimes(), Condition())
    assert found.blockers == (
        "under_2h_since_last_device", "no_bp_at_40min", "no_bp_at_end", "sedated", "dissociation", "spo2", "no_escort",
    )  # fmt: skip
    assert (found.form_total_minutes, found.minutes_since_last_device) == (None, None)


def test_waiting_sedation_dissociation_and_oxygen_have_no_override() -> None:
    assert {"under_2h_since_last_device", "sedated", "dissociation", "spo2"} == NO_OVERRIDE


@pytest.mark.parametrize(
    ("minutes", "scores", "changes", "blockers"),
    [
        (60, {"aldrete": 9}, {}, []),
        (60, {"padss": 9}, {}, []),
        (60, {"aldrete": 8, "padss": 9}, {}, []),
        (60, {"aldrete": 8, "padss": 8}, {}, ["recovery_score_under_9"]),
        (60, {}, {}, ["recovery_score_under_9"]),
        (59, {"aldrete": 10}, {}, ["under_60min_since_end"]),
        (60, {"aldrete": 10}, {"moaas": 3, "spo2": 90}, ["sedated", "spo2"]),
        (60, {"aldrete": 10}, {"bp_end": (165, 80)}, ["bp_not_settled"]),
    ],
)
def test_close_out_of_an_infusion(
    minutes: int, scores: dict[str, int], changes: dict[str, Any], blockers: list[str]
) -> None:
    found = parenteral_close_out(LAST, _after(minutes), dataclasses.replace(WELL, **changes), **scores)
    assert list(found.blockers) == blockers


@thorough
@given(st.floats(-300, 600), st.floats(-60, 120))
def test_waiting_longer_never_adds_a_blocker(waited: float, bp40: float) -> None:
    first, later = _nasal(waited=waited, bp40=bp40), _nasal(waited=waited + 30, bp40=bp40)
    assert set(later.blockers) <= set(first.blockers)
    assert ("under_2h_since_last_device" in first.blockers) is (first.minutes_since_last_device < 120)


@pytest.mark.parametrize(
    ("session", "due"),
    [
        (date(2026, 3, 2), date(2026, 3, 9)),
        (date(2028, 2, 25), date(2028, 3, 3)),
        (date(2027, 2, 25), date(2027, 3, 4)),
        (date(2026, 12, 28), date(2027, 1, 4)),
    ],
)
def test_the_form_is_due_in_7_days_and_overdue_on_the_8th(session: date, due: date) -> None:
    assert rems_form_due(session, due).due == due
    assert rems_form_due(session, due).overdue is False
    assert rems_form_due(session, due + timedelta(days=1)).overdue is True


def test_a_form_handed_in_is_not_overdue_but_may_be_late() -> None:
    session, today = date(2026, 3, 2), date(2026, 4, 1)
    in_time = rems_form_due(session, today, date(2026, 3, 9))
    late = rems_form_due(session, today, date(2026, 3, 10))
    assert (in_time.overdue, in_time.submitted_late) == (False, False)
    assert (late.overdue, late.submitted_late) == (False, True)
