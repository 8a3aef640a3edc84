"""The belief about a person from one day to the next: where it was left, what it knew then, and the days since."""

import json
from dataclasses import asdict
from hashlib import sha256

import numpy as np

from apps.outcomes.mathematics.courses import Course, day_table
from apps.outcomes.mathematics.grid import Grid
from apps.outcomes.mathematics.kalman import Belief, Noise, begin, copy_of, next_day, take_dose
from apps.outcomes.mathematics.running import see_day


def inputs_hash(course: Course, day: int, grid: Grid, noise: Noise) -> str:
    """A mark of all that the belief of this day rests on: answers until then, sessions before, the model's constants."""
    told = [sorted((at, value) for at, value in rows.items() if at <= day) for rows in (course.scores, course.moods)]
    given = sorted((at, dose) for at, dose in course.doses.items() if at < day)
    shape = [axis.tolist() for axis in (grid.fast, grid.slow, grid.kappa, grid.rho, grid.reduction)]
    known = [day, course.baseline, told, given, asdict(noise), shape]
    return sha256(json.dumps(known, separators=(",", ":")).encode()).hexdigest()


def step_to(course: Course, last: int, grid: Grid, noise: Noise, since: tuple[int, Belief] | None = None) -> Belief:
    """What is believed of one person on a day of their course, after its answers and before its session.

    since: a day and what was believed on it, by which the days until then need not be walked again. It is not changed.
    """
    table = day_table([course])
    if since is None:
        first, belief = 0, begin(1, grid, noise)
        see_day(belief, noise, table.scores[:, 0], table.moods[:, 0])
    else:
        first, belief = since[0], copy_of(since[1])
    for day in range(first + 1, last + 1):
        take_dose(belief, grid, table.weights[:, day - 1])
        next_day(belief, grid, noise)
        see_day(belief, noise, table.scores[:, day], table.moods[:, day])
    return belief


def as_bytes(belief: Belief) -> bytes:
    """Of one person, exactly."""
    parts = (belief.mean, belief.spread, belief.fast, belief.slow, belief.log)
    return np.concatenate([part.ravel() for part in parts]).astype("<f8").tobytes()


def from_bytes(kept: bytes, grid: Grid) -> Belief:
    """The belief of which as_bytes made this. Raises ValueError where it is of another grid."""
    rows = np.frombuffer(kept, dtype="<f8").reshape(23, len(grid)).astype(np.float64)
    mean, spread, rest = rows[:5, None, :], rows[5:20, None, :], rows[20:, None, :]
    return Belief(mean.copy(), spread.copy(), rest[0].copy(), rest[1].copy(), rest[2].copy())
