"""Seeded paths of the coming weeks: relapse within 14 days, and days until the threshold is reached.

A relapse presupposes that a person is below the threshold. What is believed of today may well lie above it although the
last answer lay below, so who is above already is told apart (Fade.already) and the paths of the relapse begin below.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Floats, Ints
from apps.outcomes.mathematics.fit import Model, responsibilities
from apps.outcomes.mathematics.kalman import AT, LEVEL, REACH, RECALL, RECALL_DECAY, SWING, Belief, Noise
from apps.outcomes.mathematics.recalibrating import corrected, uncorrected

PATHS: Final = 500
ABOVE: Final = 125  # paths of those who are at or above the threshold already
OVERSAMPLED: Final = 4  # beginnings drawn for each path, to choose from
FAR: Final = 60  # days; a run that begins later is not told apart
SOON: Final = 14
RUN: Final = 3  # days in a row at or above the threshold
STATES: Final = [LEVEL, REACH, SWING, RECALL]
RECALL_DRAWN: Final = STATES.index(RECALL)

#: level, reach, swing, recall and grid point of each path
Start = tuple[Floats, Floats, Floats, Floats, Ints]


@dataclass(frozen=True, slots=True)
class Fade:
    """relapse14: probability of a run that begins within 14 days, of one who is below the threshold today.

    days: (paths,) days until the run begins, FAR when not before, below as well. already: probability of being at or
    above the threshold today. either14: probability of a run within 14 days, wherever the person stands today.
    """

    relapse14: float
    days: Floats
    already: float
    either14: float
    model: Model

    def quantiles(self, shares: tuple[float, ...]) -> Floats:
        """Days that this share lies below, corrected as relapse14 is."""
        return np.quantile(self.days, uncorrected(shares, self.model))


def fade(belief: Belief, row: int, model: Model, plan: Floats, threshold: float, seed: int, paths: int = PATHS) -> Fade:
    """Follow one person (row of the belief) down many seeded paths. plan: (days,) exposure of sessions from today on."""
    rng = np.random.default_rng(seed)
    start, already = _start(belief, row, model, rng, threshold, paths)
    over = _follow(belief, row, model, plan, rng, start) >= threshold
    days = first_run(over)
    soon = days <= SOON
    relapse = corrected(float(np.mean(soon[:paths])), model)
    risen = float(np.mean(soon[paths:])) if len(soon) > paths else 0.0
    return Fade(
        relapse14=relapse,
        days=np.minimum(days[:paths], FAR).astype(float),
        already=already,
        either14=(1 - already) * relapse + already * risen,
        model=model,
    )


def _follow(belief: Belief, row: int, model: Model, plan: Floats, rng: np.random.Generator, start: Start) -> Floats:
    """What a questionnaire would say on each coming day, (days, paths)."""
    level, reach, swing, recall, points = start
    fast, slow = belief.fast[row, points], belief.slow[row, points]
    grid, noise = model.grid, model.noise
    steps = rng.standard_normal((FAR + RUN, 3, len(points)))
    track = np.empty((FAR + RUN, len(points)))
    for day in range(FAR + RUN):
        if day < len(plan) and plan[day]:
            fast = fast + np.minimum(grid.kappa[points] * plan[day], 1) * (1 - fast)
            slow = slow + np.minimum(grid.rho[points] * plan[day], 1) * (1 - slow)
        fast, slow = fast * grid.fast[points], slow * grid.slow[points]
        level, reach, swing = _walk(level, reach, swing, noise, steps[day])
        today = level - reach * (1 - (1 - fast) * (1 - slow)) + swing
        recall = RECALL_DECAY * recall + (1 - RECALL_DECAY) * today
        track[day] = recall
    return track


def first_run(over: np.ndarray) -> Floats:
    """(days, paths) of yes and no -> (paths,) the day, counted from 1, that begins RUN yes in a row; FAR + 1 if none."""
    runs = over[: -RUN + 1].copy()
    for later in range(1, RUN):
        runs &= over[later : len(over) - RUN + 1 + later]
    found = np.argmax(runs, axis=0) + 1
    return np.where(runs.any(axis=0), found, FAR + 1).astype(float)


def _walk(level: Floats, reach: Floats, swing: Floats, noise: Noise, step: Floats) -> tuple[Floats, Floats, Floats]:
    kick = noise.swing * np.sqrt(1 - noise.swing_decay**2)
    return (
        level + noise.drift + noise.level_walk * step[0],
        reach + noise.reach_walk * step[1],
        noise.swing_decay * swing + kick * step[2],
    )


def _start(
    belief: Belief, row: int, model: Model, rng: np.random.Generator, threshold: float, paths: int
) -> tuple[Start, float]:
    """So many beginnings below the threshold, then some at or above it; and the probability of being there."""
    drawn = _draw(belief, row, model, rng, OVERSAMPLED * paths)
    above = drawn[RECALL_DRAWN] >= threshold
    low, high = np.flatnonzero(~above), np.flatnonzero(above)
    if not len(low):
        low = np.argsort(drawn[RECALL_DRAWN])[:1]
    chosen = np.concatenate([_spread(low, paths), _spread(high, ABOVE if len(high) else 0)])
    level, reach, swing, recall, points = drawn
    start = level[chosen], reach[chosen], swing[chosen], recall[chosen], points[chosen]
    return start, float(above.mean())


def _spread(rows: Ints, count: int) -> Ints:
    """So many of the rows, evenly; some of them more than once where there are fewer."""
    chosen: Ints = rows[np.arange(count) * len(rows) // count]
    return chosen


def _draw(belief: Belief, row: int, model: Model, rng: np.random.Generator, paths: int) -> Start:
    """Draw grid points by weight, then the four states that matter from each point's belief."""
    weights = responsibilities(belief.log[row : row + 1], model.weights)[0]
    points = np.searchsorted(np.cumsum(weights), (np.arange(paths) + rng.random()) / paths).clip(0, len(weights) - 1)
    used, which = np.unique(points, return_inverse=True)
    spread = belief.spread[AT[np.ix_(STATES, STATES)]][:, :, row, used].transpose(2, 0, 1)
    values, vectors = np.linalg.eigh(spread)
    roots = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
    drawn = np.einsum("pij,pj->ip", roots[which], rng.standard_normal((paths, 4)))
    level, reach, swing, recall = belief.mean[STATES, row][:, points] + drawn
    return level, reach, swing, recall, points
