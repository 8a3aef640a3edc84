"""Alert levels and their clocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.levels import TIME_LIMITS, Level, Rung, TimeLimits, worst
from apps.alerts.time_limits import alert_sla
from tests.clinical.strategies import thorough

P1, P2, P3 = Level


def test_the_more_urgent_level_is_the_greater() -> None:
    assert P1 > P2 > P3
    assert sorted([P2, P1, P3]) == [P3, P2, P1]
    assert worst([P3, None, P1, P2]) is P1
    assert worst([None]) is None
    assert [level.pages for level in Level] == [True, True, False]
    assert [str(level) for level in Level] == ["P1", "P2", "P3"]


def test_limits_and_ladders_are_those_of_the_reference() -> None:
    limits = {level: (TIME_LIMITS[level].acknowledge_minutes, TIME_LIMITS[level].contact_minutes) for level in Level}
    assert limits == {P1: (15, 60), P2: (60, 240), P3: (None, 1440)}
    assert [TIME_LIMITS[level].ladder[0] for level in Level] == [
        Rung.ON_CALL, Rung.TREATING_CLINICIAN, Rung.CARE_COORDINATOR,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("level", "minutes", "acknowledged", "contacted", "state"),
    [
        (P1, 0, False, False, "open"),
        (P1, 15, False, False, "open"),
        (P1, 15.01, False, False, "escalate_unacknowledged"),
        (P1, 16, True, False, "open"),
        (P1, 60, True, False, "open"),
        (P1, 61, True, False, "escalate_no_contact"),
        (P1, 61, False, False, "escalate_unacknowledged"),
        (P1, 500, False, True, "closed"),
        (P2, 60, False, False, "open"),
        (P2, 61, False, False, "escalate_unacknowledged"),
        (P2, 240, True, False, "open"),
        (P2, 241, True, False, "escalate_no_contact"),
        (P3, 1440, False, False, "open"),
        (P3, 1441, False, False, "escalate_no_contact"),
        (P3, 1441, True, False, "escalate_no_contact"),
        (P3, 9999, True, True, "closed"),
    ],
)
def test_where_an_alert_stands(level: Level, minutes: float, acknowledged: bool, contacted: bool, state: str) -> None:
    assert alert_sla(level, minutes, acknowledged=acknowledged, contacted=contacted).value == state


@pytest.mark.parametrize("minutes", [-1, float("nan"), float("inf")])
def test_a_time_that_cannot_be_is_refused(minutes: float) -> None:
    with pytest.raises(ValueError, match="minutes"):
        alert_sla(P1, minutes, acknowledged=False, contacted=False)


def test_a_clinic_may_be_stricter() -> None:
    limits = {**TIME_LIMITS, P1: TimeLimits(5, 30, (Rung.ON_CALL,))}
    assert alert_sla(P1, 6, acknowledged=False, contacted=False, limits=limits).value == "escalate_unacknowledged"


@thorough
@given(st.sampled_from(list(Level)), st.floats(0, 5000), st.floats(0, 5000), st.booleans())
def test_an_escalated_alert_does_not_open_again_by_waiting(
    level: Level, minutes: float, more: float, acknowledged: bool
) -> None:
    now = alert_sla(level, minutes, acknowledged=acknowledged, contacted=False)
    later = alert_sla(level, minutes + more, acknowledged=acknowledged, contacted=False)
    assert later.value != "open" or now.value == "open"
