"""Change against baseline: inclusive, on the unrounded ratio, null where not defined."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.levels import Level
from apps.monitoring.instruments.change import (
    MEASURES,
    Change,
    ChangeLimits,
    Measure,
    change,
    mood_fall_level,
    worsening_level,
)
from tests.clinical.strategies import thorough


@pytest.mark.parametrize(
    ("measure", "baseline", "current", "response"),
    [
        ("phq-9", 20, 10, True),
        ("phq-9", 20, 11, False),
        ("phq-9", 15, 8, False),  # 46.7 %
        ("phq-9", 27, 14, False),  # 48.1 %
        ("gad-7", 10, 5, True),
        ("qids-sr16", 18, 9, True),
        ("madrs", 36, 18, True),
        ("madrs", 37, 19, False),
        ("pcl-5", 60, 30, True),
        ("isi", 20, 10, True),
        ("peg", 6.0, 4.2, True),  # exactly 30 %, though not in binary floating point
        ("peg", 6.0, 4.3, False),
        ("peg", 7.0, 4.9, True),
        ("who-5", 20, 80, None),
    ],
)
def test_response(measure: str, baseline: float, current: float, response: bool | None) -> None:
    assert change(measure, baseline, current).response is response


@pytest.mark.parametrize(
    ("measure", "last_in", "first_out"),
    [("phq-9", 4, 5), ("gad-7", 4, 5), ("qids-sr16", 5, 6), ("isi", 7, 8), ("madrs", 10, 11)],
)
def test_remission(measure: str, last_in: int, first_out: int) -> None:
    assert change(measure, 20, last_in).remission is True
    assert change(measure, 20, first_out).remission is False


@pytest.mark.parametrize("measure", ["pcl-5", "peg", "who-5"])
def test_remission_is_not_defined_for_some(measure: str) -> None:
    assert change(measure, 10, 0).remission is None


@pytest.mark.parametrize(
    ("measure", "points"), [("phq-9", 6), ("gad-7", 4), ("madrs", 10), ("pcl-5", 10), ("isi", 9), ("who-5", 10)]
)
def test_meaningful_change_is_inclusive_both_ways(measure: str, points: int) -> None:
    sign = -1 if measure == "who-5" else 1
    assert change(measure, 15, 15 - sign * points).meaningful_change == "improved"
    assert change(measure, 15, 15 - sign * (points - 1)).meaningful_change == "none"
    assert change(measure, 11, 11 + sign * points).meaningful_change == "worsened"
    assert change(measure, 11, 11 + sign * (points - 1)).meaningful_change == "none"


def test_isi_changes_at_8_point_4() -> None:
    assert change("isi", 20, 11.6).meaningful_change == "improved"
    assert change("isi", 20, 11.7).meaningful_change == "none"


@pytest.mark.parametrize("measure", ["qids-sr16", "peg"])
def test_no_threshold_no_meaning(measure: str) -> None:
    assert change(measure, 10, 0).meaningful_change is None


@pytest.mark.parametrize(
    ("baseline", "current", "percent"),
    [(16, 15, 6.3), (16, 17, -6.3), (3, 2, 33.3), (3, 1, 66.7), (20, 20, 0.0), (10, 0, 100.0), (1, 27, -2600.0)],
)
def test_percent_is_rounded_half_up_to_one_decimal(baseline: int, current: int, percent: float) -> None:
    assert change("phq-9", baseline, current).percent_improvement == percent


def test_who5_improves_upwards_on_the_percent_score() -> None:
    assert change("who-5", 40, 50) == Change(25.0, None, None, "improved")
    assert change("who-5", 50, 40) == Change(-20.0, None, None, "worsened")


def test_a_baseline_of_0_has_no_percent_but_a_change() -> None:
    assert change("phq-9", 0, 6) == Change(None, None, False, "worsened")
    assert change("phq-9", 0, 0) == Change(None, None, True, "none")


@pytest.mark.parametrize(("baseline", "current"), [(None, 5), (5, None), (None, None)])
@pytest.mark.parametrize("measure", MEASURES)
def test_a_missing_side_gives_nothing(measure: str, baseline: int | None, current: int | None) -> None:
    assert change(measure, baseline, current) == Change()


@pytest.mark.parametrize("score", [-1, 28, float("nan"), float("inf"), True, "5"])
def test_an_impossible_score_is_refused(score: Any) -> None:
    with pytest.raises(ValueError, match="score"):
        change("phq-9", score, 5)
    with pytest.raises(ValueError, match="score"):
        change("phq-9", 5, score)


def test_an_instrument_without_a_definition_of_change_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        change("moaa-s", 1, 2)


def test_a_clinic_may_define_remission_otherwise() -> None:
    strict = ChangeLimits(measures={"madrs": Measure(60, remission_at_most=9)})
    assert change("madrs", 30, 10, limits=strict).remission is False


@pytest.mark.parametrize(
    ("measure", "baseline", "current", "level"),
    [
        ("phq-9", 10, 16, Level.P3),
        ("phq-9", 10, 15, None),
        ("madrs", 20, 30, Level.P3),
        ("madrs", 20, 29, None),
        ("qids-sr16", 10, 11, Level.P3),
        ("qids-sr16", 10, 10, None),
        ("gad-7", 0, 21, None),
        ("phq-9", None, 20, None),
    ],
)
def test_worse_during_treatment(measure: str, baseline: int | None, current: int | None, level: Level | None) -> None:
    assert worsening_level(measure, baseline, current) is level


@pytest.mark.parametrize(
    ("today", "days", "level"),
    [
        (40, [70, 70, 70], Level.P3),
        (41, [70, 70, 70], None),
        (40, [60, 70, 80], Level.P3),
        (40, [None, 70, None], Level.P3),
        (0, [None, None, None], None),
        (None, [90, 90, 90], None),
        (30, [None, 60, 60], Level.P3),  # a blank day is left out, not 0
        (90, [10, 10, 10], None),
    ],
)
def test_a_fall_of_mood(today: int | None, days: list[int | None], level: Level | None) -> None:
    assert mood_fall_level(today, days) is level


@thorough
@given(st.sampled_from(sorted(MEASURES)), st.data())
def test_change_is_antisymmetric_and_response_agrees_with_the_ratio(measure: str, data: st.DataObject) -> None:
    rule = MEASURES[measure]
    before, after = (data.draw(st.integers(0, rule.highest)) for _ in range(2))
    there, back = change(measure, before, after), change(measure, after, before)
    mirror = {"improved": "worsened", "worsened": "improved", "none": "none", None: None}
    assert back.meaningful_change == mirror[there.meaningful_change]
    if measure not in {"who-5", "peg"} and before:
        assert there.response is (2 * (before - after) >= before)
    if measure == "peg" and before:
        assert there.response is (10 * (before - after) >= 3 * before)
