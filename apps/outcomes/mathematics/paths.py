"""Seeded paths of the coming weeks: relapse within 14 days, and days until the threshold is reached."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Floats
from apps.outcomes.mathematics.fit import Model, responsibilities
from apps.outcomes.mathematics.kalman import AT, LEVEL, REACH, RECALL, RECALL_DECAY, SWING, Belief, Noise

PATHS: Final = 500
FAR: Final = 60  # days; a run that begins later is not told apart
RUN: Final = 3  # days in a row at or above the threshold
STATES: Final = [LEVEL, REACH, SWING, RECALL]


@dataclass(frozen=True, slots=True)
class Fade:
    """relapse14: probability. days: (paths,) days until the run begins, FAR when not before."""

    relapse14: float
    days: Floats

    def quantiles(self, shares: tuple[float, ...]) -> Floats:
        """Days that this share of the paths lies below."""
        return np.quantile(self.days, shares)


def fade(belief: Belief, row: int, model: Model, plan: Floats, threshold: float, seed: int, paths: int = PATHS) -> Fade:
    """Follow one person (row of the belief) down many seeded paths. plan: (days,) exposure of sessions from today on."""
    rng = np.random.default_rng(seed)
    level, reach, swing, recall, points = _start(belief, row, model, rng, paths)
    fast, slow = belief.fast[row, points], belief.slow[row, points]
    grid, noise = model.grid, model.noise
    steps = rng.standard_normal((FAR + RUN, 3, paths))
    track = np.empty((FAR + RUN, paths))
    for day in range(FAR + RUN):
        if day < len(plan) and plan[day]:
            fast = fast + np.minimum(grid.kappa[points] * plan[day], 1) * (1 - fast)
            slow = slow + np.minimum(grid.rho[points] * plan[day], 1) * (1 - slow)
        fast, slow = fast * grid.fast[points], slow * grid.slow[points]
        level, reach, swing = _walk(level, reach, swing, noise, steps[day])
        today = level - reach * (1 - (1 - fast) * (1 - slow)) + swing
        recall = RECALL_DECAY * recall + (1 - RECALL_DECAY) * today
        track[day] = recall
    days = first_run(track >= threshold)
    return Fade(relapse14=float(np.mean(days <= 14)), days=np.minimum(days, FAR).astype(float))


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


def _start(belief: Belief, row: int, model: Model, rng: np.random.Generator, paths: int) -> tuple[Floats, ...]:
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
