"""Proportions, survival and change against a second opinion, and by hand."""

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.proportion import proportion_confint

from apps.alerts.rules.own_course import change, cusum_alarms, ewma_alarms, is_silent, not_on_track
from apps.outcomes.mathematics.report import Treated, as_file, ending, lasting, outcomes
from apps.outcomes.mathematics.selftest import BROKEN, NOMINAL, Grade, admitted, self_test, simulate
from apps.outcomes.mathematics.survival import kaplan_meier, wilson


@pytest.mark.parametrize(("yes", "total"), [(0, 5), (5, 5), (3, 10), (53, 99)])
def test_wilson_agrees_with_statsmodels(yes: int, total: int) -> None:
    assert wilson(yes, total) == pytest.approx(proportion_confint(yes, total, method="wilson"), abs=1e-9)
    assert wilson(0, 0) is None


@pytest.mark.parametrize("seed", range(5))
def test_kaplan_meier_and_greenwood_agree_with_statsmodels_with_ties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times, happened = rng.integers(0, 25, 60), rng.random(60) < 0.6
    ours = kaplan_meier(zip(times.tolist(), happened.tolist(), strict=True))
    theirs = SurvfuncRight(times, happened.astype(int))
    for day, share, error in zip(theirs.surv_times, theirs.surv_prob, theirs.surv_prob_se, strict=True):
        assert ours.at(float(day))[0] == pytest.approx(share)
        if share > 0:
            assert ours.at(float(day))[1] == pytest.approx(error)
    assert ours.median == next((d for d, s in zip(theirs.surv_times, theirs.surv_prob, strict=True) if s <= 0.5), None)


def person(scores: dict[int, float], maintenance: tuple[int, ...] = ()) -> Treated:
    return Treated(20, 11, tuple(scores.items()), (0, 2, 4, 7, 9, 11), maintenance)


def test_a_session_before_the_relapse_censors_only_while_untreated() -> None:
    found = ending(person({12: 8, 40: 9, 54: 12}, maintenance=(50,)))
    assert found is not None
    assert found.responded
    assert lasting(found).treatment_policy == (42, True)
    assert lasting(found).while_untreated == (38, False)


def test_a_session_on_the_day_of_the_relapse_does_not_hide_it() -> None:
    found = ending(person({12: 8, 54: 12}, maintenance=(54,)))
    assert found is not None
    assert lasting(found).while_untreated == (42, True)


def test_the_missing_stay_in_the_count_and_count_as_no_response() -> None:
    found = as_file(outcomes([person({12: 8}), person({11: 3, 26: 3}), Treated(20, 11, (), (0, 2), ())]))
    assert (found["n_patients"], found["n_completed"], found["n_endpoint_missing"]) == (3, 2, 1)
    assert (found["response_rate"], found["response_rate_missing_as_nonresponse"]) == (1.0, 0.5)


def test_a_clinic_without_anybody_completed_has_no_rates_and_does_not_crash() -> None:
    found = as_file(outcomes([]))
    assert found["response_rate"] is None
    assert found["response_ci95"] is None


def test_change_has_words_at_five_six_and_seven_points_either_way() -> None:
    assert [change(15, now).word for now in (11, 10, 9, 8, 22)] == [
        "none",
        "possible",
        "meaningful",
        "reliable",
        "reliable",
    ]


def test_a_slow_rise_over_the_own_baseline_sounds_both_detectors_and_a_quiet_course_neither() -> None:
    quiet = [6, 8, 7, 6, 8, 7, 7, 6, 8, 7, 7]
    rising = [*quiet[:6], 9, 10, 10, 11, 12, 12]
    assert not any(ewma_alarms(quiet) + cusum_alarms(quiet))
    assert any(ewma_alarms(rising))
    assert any(cusum_alarms(rising))


def test_two_missed_in_a_row_are_silence_and_off_track_begins_with_the_third_session() -> None:
    assert is_silent([True, False, False])
    assert not is_silent([False, True, False])
    assert not_on_track(15, 14, 3)
    assert not not_on_track(15, 14, 2)


def test_the_self_test_leaves_a_calibrated_model_on_and_catches_a_broken_one() -> None:
    assert np.mean(simulate(NOMINAL, 1040, 120, seed=4) <= 1040) <= 0.06
    assert np.median(simulate(BROKEN, 300, 120, seed=5)) <= 110


def test_the_self_test_takes_one_forecast_of_a_person_a_week() -> None:
    assert len(admitted([Grade("a", 1, 0.0), Grade("a", 1, 0.0), Grade("a", 2, 1.0), Grade("b", 1, 1.0)])) == 3
    assert self_test([Grade(str(n), n // 10, 0.0) for n in range(40)]).broken_at == 11
