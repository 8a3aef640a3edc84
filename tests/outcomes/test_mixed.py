"""The mixed model against statsmodels, and on people who stop answering because they feel worse."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from apps.outcomes.mathematics.mixed import FEWEST, Rows, fit_mixed, mean_change
from apps.outcomes.mathematics.report import Treated


def people(seed: int, count: int = 40) -> list[Rows]:
    rng = np.random.default_rng(seed)
    found = []
    for _number in range(count):
        design = np.column_stack([np.ones(size := int(rng.integers(2, 7))), rng.integers(0, 2, size).astype(float)])
        own = rng.multivariate_normal([0, 0], [[9, -2], [-2, 6]])
        found.append(Rows(design @ (np.array([18, -8]) + own) + rng.normal(0, 2, size), design, design))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_effects_errors_and_variances_agree_with_statsmodels(seed: int) -> None:
    rows = people(seed)
    ours = fit_mixed(rows)
    who = np.repeat(np.arange(len(rows)), [len(one.y) for one in rows])
    fixed = np.concatenate([one.fixed for one in rows])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = MixedLM(np.concatenate([one.y for one in rows]), fixed, who, exog_re=fixed).fit(reml=True)
    assert ours.effects == pytest.approx(theirs.fe_params, abs=0.01)
    assert ours.errors == pytest.approx(theirs.bse_fe, rel=0.02)
    assert ours.within == pytest.approx(theirs.scale, rel=0.03)
    assert ours.between == pytest.approx(np.asarray(theirs.cov_re), rel=0.05, abs=0.1)


def course(rng: np.random.Generator, *, silent_when_worse: bool) -> Treated:
    level, change = rng.normal(19, 3), rng.normal(-8, 4)
    scores: list[tuple[int, float]] = []
    for day in (19, 26, 33, 40):
        if silent_when_worse and scores and scores[-1][1] > 11:
            break
        scores.append((day, float(level + change + rng.normal(0, 1.5))))
    return Treated(float(level + rng.normal(0, 1.5)), 11, tuple(scores), (0, 3, 7, 10, 14, 17), ())


def test_who_stops_answering_when_worse_is_not_left_out_of_the_mean() -> None:
    rng = np.random.default_rng(8)
    courses = [course(rng, silent_when_worse=True) for _number in range(300)]
    found = mean_change(courses)
    assert found is not None
    said = [total - one.baseline for one in courses for _day, total in one.scores]
    assert found.low < -8 < found.high
    assert np.mean(said) < found.low  # those who answer much are better


def test_nothing_is_said_of_few_people_and_an_unfinished_series_is_not_counted() -> None:
    rng = np.random.default_rng(2)
    courses = [course(rng, silent_when_worse=False) for _number in range(FEWEST)]
    assert mean_change(courses[1:]) is None
    short = Treated(20, 11, ((9, 8.0),), (0, 3, 7), ())
    silent = Treated(20, 11, (), (0, 3, 7, 10, 14, 17), ())
    assert mean_change([silent] * FEWEST) is None
    found = mean_change([*courses, short])
    assert found is not None
    assert found.people == FEWEST
