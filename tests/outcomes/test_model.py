"""The forecast model on simulated courses: few people, small grid."""

from dataclasses import replace

import numpy as np
import pytest

from apps.outcomes.mathematics import alarm
from apps.outcomes.mathematics.courses import Course, day_table, plan_table
from apps.outcomes.mathematics.fit import Model, fit, from_vector, to_vector
from apps.outcomes.mathematics.forecast import ahead, response
from apps.outcomes.mathematics.grid import make_grid
from apps.outcomes.mathematics.kalman import AT, RECALL, Noise
from apps.outcomes.mathematics.paths import FAR, fade, first_run
from apps.outcomes.mathematics.running import last_beliefs

GRID = make_grid(fast=(5.0,), slow=(30.0,), fills=((0.4, 0.15),), reductions=(0.1, 0.5, 0.9))
SERIES = dict.fromkeys((0, 3, 7, 10, 14, 17), 0.5)
HELD = Course(20, 11, 40, SERIES, {0: 20, 3: 16, 7: 12, 18: 7, 25: 6, 32: 7, 39: 8}, {5: 6, 20: 8, 38: 7})
UNMOVED = replace(HELD, scores={0: 20, 3: 20, 7: 19, 18: 20, 25: 19, 39: 20}, moods={})


@pytest.fixture(scope="module")
def model() -> Model:
    return fit([HELD, UNMOVED], steps=0, grid=GRID)


def quantiles(course: Course, model: Model) -> np.ndarray:
    belief = last_beliefs(day_table([course]), model.grid, model.noise)
    future = ahead(belief, model, plan_table([course], 28), {7, 14, 28})
    return np.array([[future[day].quantile(share)[0] for share in (0.1, 0.5, 0.9)] for day in (7, 14, 28)])


def test_a_planned_session_lowers_the_forecast_and_quantiles_are_in_order(model: Model) -> None:
    without, with_one = quantiles(HELD, model), quantiles(replace(HELD, plan={40: 0.5}), model)
    assert (np.diff(without) > 0).all()
    assert (with_one[:, 1] < without[:, 1]).all()


def test_the_same_course_forecast_alone_or_among_others_is_the_same(model: Model) -> None:
    shorter = replace(UNMOVED, last_day=20)
    both = [shorter, HELD]
    belief = last_beliefs(day_table(both), model.grid, model.noise)
    found = ahead(belief, model, plan_table([HELD, shorter], 7), {7})[7].quantile(0.5)
    assert found[0] == pytest.approx(quantiles(HELD, model)[0, 1])
    assert found[1] == pytest.approx(quantiles(shorter, model)[0, 1])


def test_nothing_after_the_last_day_is_read(model: Model) -> None:
    later = replace(HELD, scores=HELD.scores | {41: 27}, doses=HELD.doses | {45: 0.5})
    assert quantiles(later, model) == pytest.approx(quantiles(HELD, model))


def test_the_alarm_of_a_day_does_not_change_when_the_future_comes(model: Model) -> None:
    whole = alarm.scores([HELD, UNMOVED], model)
    cut = alarm.scores([replace(HELD, last_day=19), UNMOVED], model)
    assert whole[0][:20] == pytest.approx(cut[0], abs=1e-9)
    assert whole[1][25] > whole[0][25]


def test_an_outlier_moves_the_belief_less_than_its_size(model: Model) -> None:
    wild = replace(HELD, scores=HELD.scores | {40: 27})
    assert quantiles(wild, model)[0, 1] - quantiles(HELD, model)[0, 1] < 0.4 * (27 - 8)


def test_paths_are_seeded_and_agree_with_the_filter_about_the_first_day(model: Model) -> None:
    belief = last_beliefs(day_table([HELD]), model.grid, model.noise)
    first, again = (fade(belief, 0, model, np.zeros(1), 11, seed=3) for _time in range(2))
    assert (first.days == again.days).all()
    assert list(first.quantiles((0.1, 0.5, 0.9))) == sorted(first.quantiles((0.1, 0.5, 0.9)))
    sick = last_beliefs(day_table([UNMOVED]), model.grid, model.noise)
    assert fade(sick, 0, model, np.zeros(1), 11, seed=3).relapse14 > 0.95 > first.relapse14


def test_a_run_needs_three_days_in_a_row() -> None:
    over = np.array([[1, 1, 0, 1, 1, 1, 0], [1, 1, 0, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0, 0]], dtype=bool).T
    assert list(first_run(over)) == [4, FAR + 1, 1]


def test_a_response_is_likelier_for_the_one_who_is_better(model: Model) -> None:
    belief = last_beliefs(day_table([HELD, UNMOVED]), model.grid, model.noise)
    future = ahead(belief, model, np.zeros((2, 8)), {7})[7]
    better, same = response(future, np.array([20.0, 20.0]))
    assert better > 0.3 > 0.02 > same


def test_the_belief_stays_a_covariance_through_a_long_course(model: Model) -> None:
    long = replace(
        HELD,
        last_day=400,
        scores={day: 8.0 + day % 3 for day in range(0, 400, 5)},
        moods=dict.fromkeys(range(400), 6.0),
    )
    belief = last_beliefs(day_table([long]), model.grid, model.noise)
    matrices = belief.spread[AT][:, :, 0].transpose(2, 0, 1)
    assert np.linalg.eigvalsh(matrices).min() > -1e-9
    assert 0 < belief.spread[AT[RECALL, RECALL]].max() < 20


def test_the_noise_survives_the_optimisers_vector() -> None:
    assert to_vector(from_vector(to_vector(Noise()))) == pytest.approx(to_vector(Noise()))
