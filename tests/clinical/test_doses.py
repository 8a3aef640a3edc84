"""Dose and interval limits, one step on either side of every edge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.dose_limits import (
    Dose,
    DoseLevel,
    DoseLimits,
    Indication,
    Region,
    Route,
    Setting,
    dose_check,
    interval_check,
)
from tests.clinical.strategies import thorough

WITHIN, BELOW, ABOVE, STOP = DoseLevel
USUAL: dict[Route, dict[str, Any]] = {
    Route.IV: {"dose_mg": 35, "weight_kg": 70, "duration_min": 40},
    Route.IM: {"dose_mg": 35, "weight_kg": 70},
    Route.SC: {"dose_mg": 35, "weight_kg": 70},
    Route.SL: {"dose_mg": 100, "weight_kg": 70},
    Route.ORAL: {"dose_mg": 100, "weight_kg": 70},
    Route.IV_PAIN: {"dose_mg": 98, "weight_kg": 70, "duration_min": 240},
    Route.INTRANASAL_ESKETAMINE: {"dose_mg": 56, "session_number": 1},
}


def _check(route: Route, **changes: Any) -> tuple[DoseLevel, set[str]]:
    found = dose_check(Dose(**{"route": route, "age": 40, **USUAL[route], **changes}))
    assert len(set(found.reasons)) == len(found.reasons)
    return found.level, set(found.reasons)


@pytest.mark.parametrize("route", Route)
def test_a_usual_dose_has_no_reason(route: Route) -> None:
    assert _check(route) == (WITHIN, set())


@pytest.mark.parametrize(
    ("route", "dose_mg", "level", "reasons"),
    [  # weight 100 kg: mg/kg is the dose in mg / 100
        (Route.IV, 49.9, BELOW, {"mg_per_kg_under_usual"}),
        (Route.IV, 50, WITHIN, set()),
        (Route.IV, 100, WITHIN, set()),
        (Route.IV, 100.1, ABOVE, {"mg_per_kg_over_usual"}),
        (Route.IV, 150, ABOVE, {"mg_per_kg_over_usual"}),
        (Route.IV, 150.1, STOP, {"mg_per_kg_over_hard"}),
        (Route.IM, 24.9, BELOW, {"mg_per_kg_under_usual"}),
        (Route.IM, 25, WITHIN, set()),
        (Route.IM, 100.1, ABOVE, {"mg_per_kg_over_usual"}),
        (Route.IM, 200, ABOVE, {"mg_per_kg_over_usual"}),
        (Route.IM, 200.1, STOP, {"mg_per_kg_over_hard"}),
        (Route.SC, 49.9, BELOW, {"mg_per_kg_under_usual"}),
        (Route.SC, 90, WITHIN, set()),
        (Route.SC, 90.1, ABOVE, {"mg_per_kg_over_usual"}),
        (Route.SC, 150, ABOVE, {"mg_per_kg_over_usual"}),
        (Route.SC, 150.1, STOP, {"mg_per_kg_over_hard"}),
        (Route.SL, 24.9, BELOW, {"under_25mg"}),
        (Route.SL, 25, WITHIN, set()),
        (Route.SL, 250, WITHIN, set()),
        (Route.SL, 250.1, ABOVE, {"mg_per_kg_over_usual"}),
        (Route.ORAL, 300, ABOVE, {"mg_per_kg_over_usual"}),
        (Route.ORAL, 300.1, ABOVE, {"mg_per_kg_over_usual", "dose_over_usual"}),
        (Route.ORAL, 600, ABOVE, {"mg_per_kg_over_usual", "dose_over_usual"}),
        (Route.ORAL, 600.1, STOP, {"mg_per_kg_over_usual", "dose_over_hard"}),
        (Route.ORAL, 700.1, STOP, {"mg_per_kg_over_hard", "dose_over_hard"}),
    ],
)
def test_dose_per_weight(route: Route, dose_mg: float, level: DoseLevel, reasons: set[str]) -> None:
    assert _check(route, dose_mg=dose_mg, weight_kg=100) == (level, reasons)


def test_a_limit_reached_in_floating_point_does_not_trip() -> None:
    assert _check(Route.IV, dose_mg=0.1 * 3 * 100, weight_kg=30)[0] is WITHIN  # 30.000000000000004 mg
    assert _check(Route.SC, dose_mg=70.2, weight_kg=78)[0] is WITHIN  # 0.9 mg/kg


@pytest.mark.parametrize(
    ("minutes", "level", "reasons"),
    [
        (None, STOP, {"infusion_too_fast"}),
        (0, STOP, {"infusion_too_fast"}),
        (14.9, STOP, {"infusion_too_fast"}),
        (15, ABOVE, {"infusion_faster_than_40min"}),
        (39.9, ABOVE, {"infusion_faster_than_40min"}),
        (40, WITHIN, set()),
        (60, WITHIN, set()),
        (float("nan"), STOP, {"infusion_too_fast"}),
    ],
)
def test_infusion_time(minutes: float | None, level: DoseLevel, reasons: set[str]) -> None:
    assert _check(Route.IV, duration_min=minutes) == (level, reasons)


@pytest.mark.parametrize("weight", [None, 0, -70, 29.9, 250.1, float("nan"), True, "70"])
@pytest.mark.parametrize("route", [route for route in Route if route is not Route.INTRANASAL_ESKETAMINE])
def test_weight_based_routes_stop_without_a_plausible_weight(route: Route, weight: Any) -> None:
    level, reasons = _check(route, weight_kg=weight)
    assert level is STOP
    assert "weight_missing_or_implausible" in reasons


@pytest.mark.parametrize("weight", [30, 250])
def test_weight_limits_are_inclusive(weight: float) -> None:
    assert _check(Route.IM, weight_kg=weight, dose_mg=weight / 2) == (WITHIN, set())


@pytest.mark.parametrize("dose_mg", [None, 0, -30, float("nan"), float("inf"), True, "35", 10**400])
@pytest.mark.parametrize("route", Route)
def test_a_dose_that_is_none_stops(route: Route, dose_mg: Any) -> None:
    level, reasons = _check(route, dose_mg=dose_mg)
    assert (level, reasons) == (STOP, {"invalid_dose"})


@pytest.mark.parametrize("route", Route)
def test_nobody_under_18(route: Route) -> None:
    assert _check(route, age=17) == (STOP, {"age_under_18"})
    assert _check(route, age=18) == (WITHIN, set())
    assert _check(route, age=None) == (WITHIN, {"age_not_recorded"})


@pytest.mark.parametrize(
    ("height", "reasons"), [(152.8, set()), (152.7, {"bmi_30_consider_ideal_weight"}), (None, set())]
)
def test_bmi_of_30_is_a_remark_not_a_level(height: float | None, reasons: set[str]) -> None:
    for route in (Route.IV, Route.IM, Route.SC):
        assert _check(route, height_cm=height) == (WITHIN, reasons)
    assert _check(Route.ORAL, height_cm=120) == (WITHIN, set())


def test_bmi_of_exactly_30_counts() -> None:
    assert _check(Route.IM, weight_kg=86.7, dose_mg=43.35, height_cm=170) == (WITHIN, {"bmi_30_consider_ideal_weight"})


@pytest.mark.parametrize(
    ("changes", "level", "reasons"),
    [
        ({"dose_mg": 28}, ABOVE, {"28mg_off_label_needs_reason"}),
        ({"dose_mg": 84}, ABOVE, {"above_label_starting_dose"}),
        ({"dose_mg": 84, "session_number": 2}, WITHIN, set()),
        ({"dose_mg": 28, "session_number": 5}, ABOVE, {"28mg_off_label_needs_reason"}),
        ({"dose_mg": 84, "indication": Indication.MDD_SI}, WITHIN, set()),
        ({"dose_mg": 28, "age": 65, "region": Region.EU}, WITHIN, set()),
        ({"dose_mg": 56, "age": 65, "region": Region.EU}, ABOVE, {"above_label_starting_dose"}),
        ({"dose_mg": 56, "age": 64, "region": Region.EU}, WITHIN, set()),
        ({"dose_mg": 28, "age": 64, "region": Region.EU}, ABOVE, {"28mg_off_label_needs_reason"}),
        ({"dose_mg": 28, "age": 70, "region": Region.US}, ABOVE, {"28mg_off_label_needs_reason"}),
        ({"dose_mg": 56, "age": 70, "region": Region.US}, WITHIN, set()),
        ({"dose_mg": 84, "age": 70, "region": Region.EU, "session_number": 2}, WITHIN, set()),
        ({"dose_mg": 57}, STOP, {"not_a_label_dose"}),
        ({"dose_mg": 112}, STOP, {"not_a_label_dose"}),
        ({"dose_mg": 14}, STOP, {"not_a_label_dose"}),
    ],
)
def test_nasal_esketamine_is_28_56_or_84(changes: dict[str, Any], level: DoseLevel, reasons: set[str]) -> None:
    assert _check(Route.INTRANASAL_ESKETAMINE, **changes) == (level, reasons)


@pytest.mark.parametrize("route", [Route.SL, Route.ORAL])
def test_home_doses_end_at_300_mg_and_always_carry_the_warning(route: Route) -> None:
    home = {"setting": Setting.HOME, "weight_kg": 130}
    warning = "home_use_fda_2023_warning"
    assert _check(route, dose_mg=100, **home) == (WITHIN, {warning})
    assert _check(route, dose_mg=300, **home) == (WITHIN, {warning})
    assert _check(route, dose_mg=300.1, **home) == (STOP, {"dose_over_hard", warning})
    assert _check(route, dose_mg=300.1, weight_kg=130) == (ABOVE, {"dose_over_usual"})


@pytest.mark.parametrize(
    ("changes", "level", "reasons"),
    [  # 70 kg over one hour: mg/kg/h is the dose / 70
        ({"dose_mg": 35, "duration_min": 60}, WITHIN, set()),
        ({"dose_mg": 35.1, "duration_min": 60}, ABOVE, {"rate_over_usual"}),
        ({"dose_mg": 70, "duration_min": 60}, ABOVE, {"rate_over_usual"}),
        ({"dose_mg": 70.1, "duration_min": 60}, STOP, {"rate_over_hard"}),
        ({"duration_min": None}, STOP, {"duration_missing"}),
        ({"duration_min": 0}, STOP, {"duration_missing"}),
        ({"bolus_mg_per_kg": 0.35}, WITHIN, set()),
        ({"bolus_mg_per_kg": 0.36}, ABOVE, {"bolus_over_usual"}),
        ({"bolus_mg_per_kg": 0.5}, ABOVE, {"bolus_over_usual"}),
        ({"bolus_mg_per_kg": 0.51}, STOP, {"bolus_over_hard"}),
        ({"bolus_mg_per_kg": -0.1}, STOP, {"invalid_bolus"}),
    ],
)
def test_pain_infusions_are_limited_by_rate_and_bolus(
    changes: dict[str, Any], level: DoseLevel, reasons: set[str]
) -> None:
    assert _check(Route.IV_PAIN, **changes) == (level, reasons)


def test_all_reasons_are_listed_and_the_worst_wins() -> None:
    level, reasons = _check(Route.IV, dose_mg=20, duration_min=20, age=17)
    assert level is STOP
    assert reasons == {"age_under_18", "mg_per_kg_under_usual", "infusion_faster_than_40min"}
    assert _check(Route.IV, dose_mg=20, duration_min=20)[0] is ABOVE  # above beats below


def test_a_clinic_may_lower_its_limits() -> None:
    strict = DoseLimits(infusion_hard_min=30)
    dose = Dose(Route.IV, 35, 40, weight_kg=70, duration_min=29)
    assert dose_check(dose, limits=strict).reasons == ("infusion_too_fast",)


@thorough
@given(
    st.sampled_from([Route.IV, Route.IM, Route.SC, Route.SL, Route.ORAL, Route.IV_PAIN]),
    st.floats(30, 250),
    st.floats(0.001, 5000),
    st.floats(1, 10),
)
def test_ten_times_more_is_never_milder(route: Route, weight: float, dose_mg: float, factor: float) -> None:
    first = dose_check(Dose(route, dose_mg, 40, weight_kg=weight, duration_min=60))
    more = dose_check(Dose(route, dose_mg * factor, 40, weight_kg=weight, duration_min=60))
    assert more.level >= first.level or first.level is BELOW


# --- intervals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proposed", "others", "level", "reasons"),
    [
        (1, [], WITHIN, set()),
        (4, [1], WITHIN, set()),
        (1, [1], STOP, {"second_session_same_day"}),
        (7, [1, 4], STOP, {"over_two_in_7_days"}),
        (8, [1, 4], WITHIN, set()),
        (8, [4, 7], STOP, {"over_two_in_7_days"}),
        (28, [22, 25], STOP, {"over_two_in_7_days"}),
        (28, [21, 25], WITHIN, set()),
        (29, [22], WITHIN, set()),
        (29, [23], ABOVE, {"weekly_from_week_5"}),
        (29, [22, 25], ABOVE, {"weekly_from_week_5"}),
        (35, [29, 32], STOP, {"over_two_in_7_days", "weekly_from_week_5"}),
        (36, [29], WITHIN, set()),
        (30, [30], STOP, {"second_session_same_day", "weekly_from_week_5"}),
        (3, [1, 7], STOP, {"over_two_in_7_days"}),  # squeezed in between booked ones
        (3, [1, 8], WITHIN, set()),
        (28, [30], ABOVE, {"weekly_from_week_5"}),
    ],
)
def test_interval_of_esketamine(proposed: int, others: list[int], level: DoseLevel, reasons: set[str]) -> None:
    found = interval_check(proposed, others)
    assert (found.level, set(found.reasons)) == (level, reasons)


def test_there_is_no_day_before_the_first_dose() -> None:
    with pytest.raises(ValueError, match="day 1"):
        interval_check(0, [])


@thorough
@given(st.integers(1, 60), st.lists(st.integers(1, 60), max_size=8), st.integers(1, 60))
def test_one_more_session_never_makes_an_interval_milder(proposed: int, others: list[int], extra: int) -> None:
    assert interval_check(proposed, [*others, extra]).level >= interval_check(proposed, others).level
    assert interval_check(proposed, others[::-1]) == interval_check(proposed, others)
