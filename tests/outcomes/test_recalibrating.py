"""What is said of relapses is corrected by a clinic's own answers, and hardly where there are few of them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from apps.outcomes.mathematics.courses import Course, day_table, plan_table
from apps.outcomes.mathematics.fit import Model
from apps.outcomes.mathematics.grid import make_grid
from apps.outcomes.mathematics.kalman import Noise
from apps.outcomes.mathematics.paths import FAR, fade
from apps.outcomes.mathematics.recalibrating import corrected, correction, recalibrated, uncorrected
from apps.outcomes.mathematics.running import last_beliefs

GRID = make_grid(fast=(5.0,), slow=(30.0,), fills=((0.4, 0.15),), reductions=(0.1, 0.5, 0.9))
MODEL = Model(GRID, Noise(), np.full(3, 1 / 3))
SERIES = dict.fromkeys((0, 3, 7, 10, 14, 17), 0.5)


def course(after: tuple[float, ...]) -> Course:
    """Totals once a week after the series."""
    scores = {0: 20.0, 7: 12.0, **{25 + 7 * week: total for week, total in enumerate(after)}}
    return Course(20, 11, 25 + 7 * len(after), SERIES, scores, {})


def test_a_correction_finds_the_shift_that_was_put_in_and_keeps_near_none_with_few_answers() -> None:
    rng = np.random.default_rng(4)
    said = rng.uniform(0.05, 0.8, 4000)
    came = rng.random(4000) < expit(logit(said) + 0.6)
    shift, slope = correction(said, came, np.ones(4000))
    assert shift == pytest.approx(0.6, abs=0.12)
    assert slope == pytest.approx(1.0, abs=0.12)
    few, _slope = correction(said[:8], came[:8], np.ones(8))
    assert abs(few) < 0.3


def test_people_who_come_back_more_often_than_said_raise_the_probability() -> None:
    returning = [course((6, 14, 15, 15)), course((5, 13, 14, 16)), course((7, 12, 15, 15)), course((8, 8, 15, 14))]
    staying = [course((6, 6, 5, 6)), course((5, 4, 6, 5)), course((7, 7, 6, 6)), course((4, 8, 6, 7))]
    assert recalibrated(MODEL, (returning + staying) * 15).shift > recalibrated(MODEL, staying * 30).shift
    assert recalibrated(MODEL, staying[:2]) == MODEL  # too few to judge by


def test_relapse_and_days_are_corrected_together_and_certainty_stays() -> None:
    risen = replace(MODEL, shift=0.7, slope=1.2)
    assert corrected(0.0, risen) == 0.0
    assert corrected(0.3, risen) > 0.3
    assert corrected(uncorrected((0.3,), risen)[0], risen) == pytest.approx(0.3)
    held = course((6, 7, 6, 8))
    belief, plan = last_beliefs(day_table([held]), GRID, MODEL.noise), plan_table([held], FAR + 3)[0]
    plain, more = (fade(belief, 0, model, plan, 11, 5) for model in (MODEL, risen))
    assert more.relapse14 > plain.relapse14
    assert (more.quantiles((0.1, 0.5, 0.9)) <= plain.quantiles((0.1, 0.5, 0.9))).all()
    assert more.already == plain.already
