"""A person's own fade after a session: what was expected of its fourteen days, and how fast the effect goes."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Course, Floats, plan_table
from apps.outcomes.mathematics.fit import Model, responsibilities
from apps.outcomes.mathematics.forecast import ahead, stacked
from apps.outcomes.mathematics.kalman import Belief, copy_of, exposure, take_dose

DAYS: Final = (1, 2, 3, 5, 7, 10, 14)
SHARES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
LONGEST: Final = 90  # days; a slower fade is not told apart


@dataclass(frozen=True, slots=True)
class Fading:
    """expected: (days, shares) totals on DAYS after the session; half: days until half its effect is gone, 10, 50, 90 %."""

    expected: Floats
    half: tuple[float, float, float]


def fading(belief: Belief, model: Model, weight: float, now: Belief) -> Fading:
    """belief: of the session's day, before it; weight: its relative dose; now: what is believed today.

    The expected course knows nothing of the answers after the session; how fast it fades is judged by all of them.
    """
    plan = np.zeros((1, max(DAYS) + 1))
    plan[0, 0] = weight
    found = ahead(belief, model, plan, set(DAYS))
    together = stacked([found[day] for day in DAYS])
    expected = together.quantiles(SHARES)
    weights = responsibilities(now.log, model.weights)[0]
    return Fading(expected, _quantiles(_half_lives(belief, model, weight), weights))


def expected_after(course: Course, day: int, belief: Belief, now: Belief, model: Model) -> Fading:
    """The fade after the session of that day of the course."""
    weight = float(plan_table([Course(0, 0, day, {}, {}, {}, {day: course.doses[day]})], 0)[0, 0])
    return fading(belief, model, weight, now)


def _half_lives(belief: Belief, model: Model, weight: float) -> Floats:
    """(points,) days until half of the exposure right after the session is left."""
    moving = copy_of(belief)
    take_dose(moving, model.grid, np.array([weight]))
    first = exposure(moving)[0]
    days = np.arange(LONGEST + 1)[:, None]
    left = 1 - (1 - moving.fast[0] * model.grid.fast**days) * (1 - moving.slow[0] * model.grid.slow**days)
    under = left <= first / 2
    return np.where(under.any(axis=0), np.argmax(under, axis=0), LONGEST).astype(float)


def _quantiles(values: Floats, weights: Floats) -> tuple[float, float, float]:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    low, middle, high = (float(values[order][np.searchsorted(total, share * total[-1])]) for share in (0.1, 0.5, 0.9))
    return low, middle, high
