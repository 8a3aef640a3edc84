"""How a clinic's own answers correct what is said of relapses: a shift and a slope of the log-odds, near to none and one.

Judged on people left out of the grid's weights, from each answer below the threshold to the next one, where no session lies
between. Only the next one: who answers high is given a session, and the answers after that would be those of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.special import expit, log_expit, logit

from apps.outcomes.mathematics.courses import Course, DayTable, Floats, Ints, day_table
from apps.outcomes.mathematics.fit import Model, grid_weights, prior_weights
from apps.outcomes.mathematics.forecast import ahead
from apps.outcomes.mathematics.kalman import Belief
from apps.outcomes.mathematics.minimum import minimum
from apps.outcomes.mathematics.running import walk

FOLDS: Final = 5
NEAREST, FARTHEST = 4, 21  # days from an answer to the next, to be judged
LOOKS: Final = 6  # of one person
ALIKE: Final = 0.2  # correlation of one person's looks: further ones count for less
ENOUGH: Final = 60  # looks, to judge by
SHIFT_WIDTH: Final = 0.25  # of the prior around no shift
SLOPE_WIDTH: Final = 0.15  # of the prior of the slope's logarithm around none
SURE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Look:
    """From an answer of `day` below the threshold to the next one, so many days later; came: it was at or above it."""

    person: int
    day: int
    later: int
    threshold: float
    came: bool
    counts: float


def recalibrated(model: Model, courses: Sequence[Course], prior: Floats | None = None) -> Model:
    """The same model with its relapses corrected by what came of people left out of its weights."""
    before = prior_weights(model.grid) if prior is None else prior
    table = day_table(courses)
    looks = _looks(courses, table.order)
    if len(looks) < ENOUGH:
        return model
    found, log = _seen(looks, model, table)
    said = np.empty(len(looks))
    for fold in range(FOLDS):
        rows = np.array([number for number, look in enumerate(looks) if look.person % FOLDS == fold], dtype=np.int64)
        if len(rows):
            others = grid_weights(log[np.arange(len(log)) % FOLDS != fold], before)
            said[rows] = _said([looks[row] for row in rows], found.of(rows), replace(model, weights=others))
    shift, slope = correction(said, np.array([look.came for look in looks]), np.array([look.counts for look in looks]))
    return replace(model, shift=shift, slope=slope)


def correction(said: Floats, came: np.ndarray, counts: Floats) -> tuple[float, float]:
    """The shift and slope of the log-odds at which what was said fits best to what came, held near none and one."""
    odds, sign = logit(np.clip(said, SURE, 1 - SURE)), np.where(came, 1.0, -1.0)

    def loss(at: Floats) -> float:
        fits = float(np.sum(counts * log_expit(sign * (at[0] + np.exp(at[1]) * odds))))
        return 0.5 * float((at[0] / SHIFT_WIDTH) ** 2 + (at[1] / SLOPE_WIDTH) ** 2) - fits

    best = minimum(loss, np.zeros(2))
    return float(best[0]), float(np.exp(best[1]))


def corrected(probability: float, model: Model) -> float:
    """A probability of a relapse as the clinic's own answers correct it; certainty stays what it is."""
    if not 0 < probability < 1:
        return probability
    return float(expit(model.shift + model.slope * logit(probability)))


def uncorrected(shares: Sequence[float], model: Model) -> tuple[float, ...]:
    """The shares before correction of which corrected makes these."""
    return tuple(float(expit((logit(share) - model.shift) / model.slope)) for share in shares)


def _looks(courses: Sequence[Course], order: Ints) -> list[Look]:
    rng, found = np.random.default_rng(len(courses)), []
    for person, number in enumerate(order):
        own = _of(courses[number], person)
        some = sorted(rng.permutation(len(own))[:LOOKS])
        found += [replace(own[at], counts=1 / (1 + ALIKE * (len(some) - 1))) for at in some]
    return found


def _of(course: Course, person: int) -> list[Look]:
    days = sorted(day for day in course.scores if day <= course.last_day)
    return [
        Look(person, day, after - day, course.threshold, course.scores[after] >= course.threshold, 1.0)
        for day, after in pairwise(days)
        if NEAREST <= after - day <= FARTHEST
        and course.scores[day] < course.threshold
        and not any(day <= given < after for given in course.doses)
        and sum(given < day for given in course.doses) > 1
    ]


def _seen(looks: Sequence[Look], model: Model, table: DayTable) -> tuple[Belief, Floats]:
    """What was believed at each look, and each person's log-likelihood of the grid's points at the end."""
    shape = (len(looks), len(model.grid))
    found = Belief(np.empty((5, *shape)), np.empty((15, *shape)), np.empty(shape), np.empty(shape), np.empty(shape))
    end: Belief | None = None
    for day, belief in walk(table, model.grid, model.noise):
        end = end or belief
        rows = np.array([number for number, look in enumerate(looks) if look.day == day], dtype=np.int64)
        if len(rows):
            found.put(rows, belief.of(np.array([looks[row].person for row in rows], dtype=np.int64)))
    if end is None:
        raise ValueError("no course")
    return found, end.log


def _said(looks: Sequence[Look], belief: Belief, model: Model) -> Floats:
    """The probability that the next answer of each is at or above the threshold."""
    days = {look.later for look in looks}
    future = ahead(belief, model, np.zeros((len(looks), max(days) + 1)), days)
    at = np.array([look.threshold - 0.5 for look in looks])
    below = {day: mixture.below(at) for day, mixture in future.items()}
    return np.array([1 - below[look.later][row] for row, look in enumerate(looks)])
