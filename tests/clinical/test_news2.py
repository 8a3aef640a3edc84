"""NEWS2, every edge of the chart of the Royal College of Physicians."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.news2 import News2, News2Input, news2
from apps.monitoring.vital_signs import ValueRefused
from tests.clinical.strategies import thorough

WELL = {"rr": 16, "spo2": 97, "on_oxygen": False, "sbp": 120, "hr": 70, "acvpu": "A", "temp": 37.0}


def _of(**changes: Any) -> News2:
    return news2(News2Input(**{**WELL, **changes}))


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("rr", {0: 3, 8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3, 60: 3}),
        ("spo2", {80: 3, 91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0, 100: 0}),
        ("sbp", {60: 3, 90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3, 260: 3}),
        ("hr", {30: 3, 40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3, 200: 3}),
        ("temp", {34.0: 3, 35.0: 3, 35.1: 1, 36.0: 1, 36.1: 0, 38.0: 0, 38.1: 1, 39.0: 1, 39.1: 2, 41.0: 2, 37: 0}),
    ],
)
def test_points_of_each_parameter(name: str, points: dict[float, int]) -> None:
    assert {value: _of(**{name: value}).sub[name] for value in points} == points


@pytest.mark.parametrize(
    ("spo2", "air", "oxygen"),
    [(83, 3, 3), (84, 2, 2), (85, 2, 2), (86, 1, 1), (87, 1, 1), (88, 0, 0), (92, 0, 0), (93, 0, 1), (94, 0, 1),
     (95, 0, 2), (96, 0, 2), (97, 0, 3), (100, 0, 3)],
)  # fmt: skip
def test_scale_2_penalises_too_much_oxygen(spo2: int, air: int, oxygen: int) -> None:
    assert _of(spo2=spo2, spo2_scale=2, on_oxygen=False).sub["spo2"] == air
    assert _of(spo2=spo2, spo2_scale=2, on_oxygen=True).sub["spo2"] == oxygen


@pytest.mark.parametrize("acvpu", ["C", "V", "P", "U"])
def test_anything_but_alert_is_3_and_new_confusion_too(acvpu: str) -> None:
    found = _of(acvpu=acvpu)
    assert (found.total, found.any_single_3, found.risk) == (3, True, "low_medium")


def test_oxygen_itself_is_2() -> None:
    assert _of(on_oxygen=True).total == 2


@pytest.mark.parametrize(
    ("changes", "total", "risk"),
    [
        ({}, 0, "low"),
        ({"rr": 21, "hr": 111}, 4, "low"),
        ({"acvpu": "V", "sbp": 110}, 4, "low_medium"),
        ({"rr": 21, "hr": 111, "sbp": 110}, 5, "medium"),
        ({"acvpu": "V", "hr": 111}, 5, "medium"),
        ({"rr": 21, "hr": 111, "sbp": 100}, 6, "medium"),
        ({"rr": 25, "hr": 111, "sbp": 100}, 7, "high"),
        ({"rr": 8, "spo2": 91, "on_oxygen": True, "sbp": 90, "hr": 131, "acvpu": "U", "temp": 35.0}, 20, "high"),
    ],
)
def test_total_and_risk(changes: dict[str, Any], total: int, risk: str) -> None:
    found = _of(**changes)
    assert (found.total, found.risk) == (total, risk)


@pytest.mark.parametrize("name", list(WELL))
def test_any_missing_parameter_forbids_the_total(name: str) -> None:
    found = _of(**{name: None})
    assert (found.total, found.risk, found.any_single_3) == (None, None, None)


def test_a_single_3_is_seen_even_when_something_is_missing() -> None:
    assert _of(temp=None, rr=8).any_single_3 is True


def test_scale_2_needs_to_know_about_oxygen_only_from_93() -> None:
    assert _of(spo2=92, spo2_scale=2, on_oxygen=None).sub["spo2"] == 0
    assert _of(spo2=93, spo2_scale=2, on_oxygen=None).sub["spo2"] is None


@pytest.mark.parametrize(
    "changes",
    [{"rr": 16.0}, {"rr": True}, {"spo2": 101}, {"sbp": -1}, {"hr": "70"}, {"temp": 98.6}, {"temp": 36.05},
     {"temp": True}, {"temp": float("nan")}, {"temp": "37"}, {"acvpu": "a"}, {"acvpu": "AC"}, {"on_oxygen": 1},
     {"spo2_scale": 3}, {"spo2_scale": True}],
)  # fmt: skip
def test_an_impossible_reading_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueRefused):
        _of(**changes)


@thorough
@given(
    st.fixed_dictionaries(
        {
            "rr": st.integers(0, 100),
            "spo2": st.integers(0, 100),
            "on_oxygen": st.booleans(),
            "sbp": st.integers(20, 350),
            "hr": st.integers(0, 350),
            "acvpu": st.sampled_from("ACVPU"),
            "temp": st.integers(200, 450).map(lambda tenths: tenths / 10),
            "spo2_scale": st.sampled_from([1, 2]),
        }
    )
)
def test_total_is_the_sum_and_risk_follows_it(given_input: dict[str, Any]) -> None:
    found = news2(News2Input(**given_input))
    points = [value for value in found.sub.values() if value is not None]
    assert len(points) == 7
    assert found.total == sum(points) <= 20
    assert found.any_single_3 is (max(points) == 3)
    expected = "high" if found.total >= 7 else "medium" if found.total >= 5 else "low_medium" if 3 in points else "low"
    assert found.risk == expected
