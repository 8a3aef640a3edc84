"""Alert bands of a dosing session, one step on either side of every edge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.levels import Level
from apps.monitoring.vital_signs import ValueRefused, VitalLimits, Vitals, check_vital, session_alert
from tests.clinical.strategies import thorough

LEVELS = {
    "bp_severe": Level.P1, "bp_high": Level.P2, "bp_rise": Level.P2, "bp_low": Level.P1, "hr_critical": Level.P1,
    "hr_abnormal": Level.P2, "spo2_critical": Level.P1, "spo2_low": Level.P2, "rr_critical": Level.P1,
    "rr_abnormal": Level.P2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("reading", "reasons"),
    [
        ({"sbp": 159, "dbp": 99}, []),
        ({"sbp": 160, "dbp": 80}, ["bp_high"]),
        ({"sbp": 120, "dbp": 100}, ["bp_high"]),
        ({"sbp": 179, "dbp": 109}, ["bp_high"]),
        ({"sbp": 180, "dbp": 80}, ["bp_severe"]),
        ({"sbp": 120, "dbp": 110}, ["bp_severe"]),
        ({"sbp": 91, "dbp": 60}, []),
        ({"sbp": 90, "dbp": 60}, ["bp_low"]),
        ({"sbp": 139, "base_sbp": 100}, []),
        ({"sbp": 140, "base_sbp": 100}, ["bp_rise"]),
        ({"dbp": 84, "base_dbp": 60}, []),
        ({"dbp": 85, "base_dbp": 60}, ["bp_rise"]),
        ({"sbp": 185, "base_sbp": 120}, ["bp_severe", "bp_rise"]),
        ({"base_sbp": 190, "base_dbp": 120}, []),
        ({"hr": 51}, []),
        ({"hr": 50}, ["hr_abnormal"]),
        ({"hr": 41}, ["hr_abnormal"]),
        ({"hr": 40}, ["hr_critical"]),
        ({"hr": 110}, []),
        ({"hr": 111}, ["hr_abnormal"]),
        ({"hr": 130}, ["hr_abnormal"]),
        ({"hr": 131}, ["hr_critical"]),
        ({"spo2": 94}, []),
        ({"spo2": 93}, ["spo2_low"]),
        ({"spo2": 92}, ["spo2_low"]),
        ({"spo2": 91}, ["spo2_critical"]),
        ({"rr": 12}, []),
        ({"rr": 11}, ["rr_abnormal"]),
        ({"rr": 9}, ["rr_abnormal"]),
        ({"rr": 8}, ["rr_critical"]),
        ({"rr": 20}, []),
        ({"rr": 21}, ["rr_abnormal"]),
        ({"rr": 24}, ["rr_abnormal"]),
        ({"rr": 25}, ["rr_critical"]),
        ({"rr": 0, "hr": 0}, ["hr_critical", "rr_critical"]),
        ({"sbp": 165, "hr": 40, "spo2": 93, "rr": 22}, ["bp_high", "hr_critical", "spo2_low", "rr_abnormal"]),
        ({}, []),
    ],
)
def test_reasons_and_worst_level(reading: dict[str, int], reasons: list[str]) -> None:
    found = session_alert(Vitals(**reading))
    assert list(found.reasons) == reasons
    assert found.alert is max((LEVELS[reason] for reason in reasons), default=None)
    assert found.refused == {}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("sbp", True, "not_an_integer"),
        ("sbp", 120.0, "not_an_integer"),
        ("hr", "70", "not_an_integer"),
        ("spo2", 101, "value_out_of_range"),
        ("spo2", -1, "value_out_of_range"),
        ("rr", 10**9, "value_out_of_range"),
        ("base_dbp", 9, "value_out_of_range"),
    ],
)
def test_a_reading_that_cannot_be_is_refused_and_the_rest_is_judged(name: str, value: Any, code: str) -> None:
    with pytest.raises(ValueRefused) as refusal:
        check_vital(name, value)
    assert refusal.value.code == code
    others = {"hr": 140, "spo2": 90}
    found = session_alert(Vitals(**{**others, name: value}))
    assert found.refused == {name: code}
    assert found.alert is Level.P1


def test_a_clinic_may_set_its_own_cut_points() -> None:
    assert session_alert(Vitals(sbp=150), limits=VitalLimits(sbp_high=150)).reasons == ("bp_high",)


@thorough
@given(st.integers(94, 350), st.integers(94, 350), st.none() | st.integers(20, 350))
def test_a_higher_pressure_never_alerts_less(one: int, other: int, before: int | None) -> None:
    low, high = sorted((one, other))
    order = [None, Level.P3, Level.P2, Level.P1]
    alerts = [order.index(session_alert(Vitals(sbp=sbp, base_sbp=before)).alert) for sbp in (low, high)]
    assert alerts[0] <= alerts[1]


@thorough
@given(
    st.fixed_dictionaries(
        {}, optional={"hr": st.integers(0, 350), "spo2": st.integers(0, 100), "rr": st.integers(0, 100)}
    )
)
def test_readings_are_judged_independently(reading: dict[str, int]) -> None:
    alone = [session_alert(Vitals(**{name: value})) for name, value in reading.items()]
    together = session_alert(Vitals(**reading))
    assert sorted(together.reasons) == sorted(reason for found in alone for reason in found.reasons)
    assert together.alert is max((found.alert for found in alone if found.alert), default=None)
