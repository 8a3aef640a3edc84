"""What a clinic's own courses say: the noise of its people and how common each response shape is (empirical Bayes)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from scipy.special import logsumexp

from apps.outcomes.mathematics.courses import Course, DayTable, Floats, day_table
from apps.outcomes.mathematics.grid import Grid, make_grid
from apps.outcomes.mathematics.kalman import Noise
from apps.outcomes.mathematics.minimum import minimum
from apps.outcomes.mathematics.running import last_beliefs

PRIOR_PEOPLE: Final = 20.0  # the prior over the grid is worth so many people
DRIFT_UNIT: Final = 0.05  # points a day
PRIOR_WIDTH: Final = 0.4  # of each logarithm of the noise around its start
ROUNDS: Final = 60
COARSE: Final = make_grid(
    fast=(4.0,), slow=(20.0, 100.0), fills=((0.4, 0.06), (0.4, 0.2)), reductions=(0.1, 0.4, 0.65, 0.9)
)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Model:
    """All that a forecast needs besides the person. weights: (points,), sums to 1. widening: of the bands.

    shift, slope: of the log-odds of a relapse (recalibrating.py).
    """

    grid: Grid
    noise: Noise
    weights: Floats
    widening: float = 1.0
    shift: float = 0.0
    slope: float = 1.0


def fit(
    courses: Sequence[Course],
    *,
    steps: int = 8,
    start: Noise | None = None,
    grid: Grid | None = None,
    prior: Floats | None = None,
) -> Model:
    """Noise by penalised marginal likelihood on a coarse grid, then the grid's weights by EM.

    steps: of the optimiser; prior: weights before any course is seen, every point alike where it is not given.
    """
    if not courses:
        raise ValueError("at least one course is needed")
    table = day_table(courses)
    noise = fit_noise(table, start or Noise(), steps)
    whole = grid or make_grid()
    before = prior_weights(whole) if prior is None else prior
    return Model(whole, noise, grid_weights(last_beliefs(table, whole, noise).log, before))


def fit_noise(table: DayTable, start: Noise, steps: int) -> Noise:
    """The mode of the noise given the courses; each parameter is held near its start by a log-normal prior."""
    if steps <= 0:
        return start
    grid, prior, centre = COARSE, prior_weights(COARSE), to_vector(start)

    def loss(vector: Floats) -> float:
        log = last_beliefs(table, grid, from_vector(vector)).log
        weights = grid_weights(log, prior, rounds=15)
        fitted = float(logsumexp(log + np.log(weights), axis=1).sum())
        return float(0.5 * np.sum(((vector - centre) / PRIOR_WIDTH) ** 2)) - fitted

    return from_vector(minimum(loss, centre, {"maxiter": steps, "eps": 1e-3}))


def prior_weights(grid: Grid) -> Floats:
    """Every point alike before any course is seen."""
    return np.full(len(grid), 1 / len(grid))


def grid_weights(log: Floats, prior: Floats, rounds: int = ROUNDS) -> Floats:
    """EM for the grid's weights, Dirichlet prior worth PRIOR_PEOPLE. log: (people, points) log-likelihoods."""
    weights = prior
    for _round in range(rounds):
        shares = responsibilities(log, weights)
        weights = (shares.sum(axis=0) + PRIOR_PEOPLE * prior) / (len(log) + PRIOR_PEOPLE)
    return weights


def responsibilities(log: Floats, weights: Floats) -> Floats:
    """How much each grid point counts for each person, rows sum to 1."""
    joint = log + np.log(weights)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def to_vector(noise: Noise) -> Floats:
    """Logarithms; the decay of the swing as a logit, the drift in twentieths of a point."""
    into: dict[str, Callable[[float], float]] = {
        "swing_decay": lambda v: np.log(v / (1 - v)),
        "drift": lambda v: v / DRIFT_UNIT,
    }
    return np.array([into.get(each.name, np.log)(getattr(noise, each.name)) for each in fields(Noise)])


def from_vector(vector: Floats) -> Noise:
    """The noise of which to_vector made this."""
    back: dict[str, Callable[[float], float]] = {
        "swing_decay": lambda v: 1 / (1 + np.exp(-v)),
        "drift": lambda v: v * DRIFT_UNIT,
    }
    return Noise(
        **{
            each.name: float(back.get(each.name, np.exp)(value))
            for each, value in zip(fields(Noise), vector, strict=True)
        }
    )
