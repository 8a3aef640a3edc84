"""Kalman filters for many people and many grid points at once.

State of a person at a grid point: m untreated level, A reach of the treatment, z a swing around it (Ornstein-Uhlenbeck),
r what a questionnaire with a long recall would say, u the person's own level of mood. Today's severity is
s = m - A e + z with exposure e = 1 - (1 - f)(1 - c); r follows it: r' = a r + (1 - a) s, a = exp(-1 / 2.5).
Observations: PHQ-9 = r + noise, mood = u - beta s + noise. Missing means no update. Arrays are (state, people, points).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Floats, Ints
from apps.outcomes.mathematics.grid import Grid

LEVEL, REACH, SWING, RECALL, MOOD = range(5)
ROWS, COLUMNS = (np.array(index) for index in np.triu_indices(5))
RECALL_DECAY: Final = float(np.exp(-1 / 2.5))
OUTLIER: Final = 3.0  # standard deviations; beyond them an answer counts for less
ROUNDING: Final = 1 / 12  # variance of a whole number's rounding


def _packed() -> Ints:
    place = np.zeros((5, 5), dtype=np.int64)
    for number, (row, column) in enumerate(zip(ROWS, COLUMNS, strict=True)):
        place[row, column] = place[column, row] = number
    return place


AT: Final = _packed()


@dataclass(frozen=True, slots=True)
class Noise:
    """What a clinic's people have in common. Standard deviations in PHQ-9 points a day, or of one answer."""

    mean: float = 17.5  # untreated level
    spread: float = 3.8
    level_walk: float = 0.28
    reach_walk: float = 0.1
    reach_spread: float = 0.1  # of the mean level
    swing: float = 2.3
    swing_decay: float = 0.87
    answer: float = 1.85
    mood_mean: float = 8.8
    mood_spread: float = 1.0
    mood_slope: float = 0.28
    mood_answer: float = 1.05
    drift: float = 0.0  # of the untreated level, points a day: life's blows come from one side


@dataclass(slots=True)
class Belief:
    """mean: (5, people, points); spread: (15, people, points), the upper triangle; fast, slow, log: (people, points)."""

    mean: Floats
    spread: Floats
    fast: Floats
    slow: Floats
    log: Floats

    def first(self, people: int) -> "Belief":
        """A view of the first people: what is done to it is done to this belief."""
        return Belief(
            self.mean[:, :people], self.spread[:, :people], self.fast[:people], self.slow[:people], self.log[:people]
        )

    def of(self, rows: Ints) -> "Belief":
        """A copy of these people, in this order."""
        return Belief(self.mean[:, rows], self.spread[:, rows], self.fast[rows], self.slow[rows], self.log[rows])

    def put(self, rows: Ints, other: "Belief") -> None:
        """Write other's people over these."""
        self.mean[:, rows], self.spread[:, rows] = other.mean, other.spread
        self.fast[rows], self.slow[rows], self.log[rows] = other.fast, other.slow, other.log


def copy_of(belief: Belief) -> Belief:
    """A belief that may be moved without moving this one."""
    return Belief(belief.mean.copy(), belief.spread.copy(), belief.fast.copy(), belief.slow.copy(), belief.log.copy())


def begin(people: int, grid: Grid, noise: Noise) -> Belief:
    """What is believed of anybody before the first answer."""
    shape = (people, len(grid))
    mean, spread = np.zeros((5, *shape)), np.zeros((15, *shape))
    level, swing = noise.spread**2, noise.swing**2
    mean[LEVEL] = mean[RECALL] = noise.mean
    mean[REACH] = grid.reduction * noise.mean
    mean[MOOD] = noise.mood_mean
    spread[AT[LEVEL, LEVEL]] = level
    spread[AT[LEVEL, REACH]] = spread[AT[RECALL, REACH]] = grid.reduction * level
    spread[AT[LEVEL, RECALL]] = level
    spread[AT[REACH, REACH]] = grid.reduction**2 * level + (noise.reach_spread * noise.mean) ** 2
    spread[AT[SWING, SWING]] = spread[AT[SWING, RECALL]] = swing
    spread[AT[RECALL, RECALL]] = level + swing
    spread[AT[MOOD, MOOD]] = noise.mood_spread**2
    return Belief(mean, spread, np.zeros(shape), np.zeros(shape), np.zeros(shape))


def exposure(belief: Belief) -> Floats:
    """e in 0..1, (people, points)."""
    return 1 - (1 - belief.fast) * (1 - belief.slow)


def take_dose(belief: Belief, grid: Grid, weight: Floats) -> None:
    """A session of this relative weight, (people,); 0 is none. Felt from the next day on."""
    given = weight[:, None]
    belief.fast += np.minimum(grid.kappa * given, 1) * (1 - belief.fast)
    belief.slow += np.minimum(grid.rho * given, 1) * (1 - belief.slow)


def next_day(belief: Belief, grid: Grid, noise: Noise) -> None:
    """One night: exposure decays, levels walk, the recall follows."""
    belief.fast *= grid.fast
    belief.slow *= grid.slow
    mean, spread = belief.mean, belief.spread
    mean[LEVEL] += noise.drift
    mean[SWING] *= noise.swing_decay
    spread[AT[SWING]] *= noise.swing_decay
    spread[AT[SWING, SWING]] *= noise.swing_decay
    spread[AT[SWING, SWING]] += noise.swing**2 * (1 - noise.swing_decay**2)
    spread[AT[LEVEL, LEVEL]] += noise.level_walk**2
    spread[AT[REACH, REACH]] += noise.reach_walk**2
    effect = exposure(belief)
    severity, shared = _severity(belief, effect)
    keep, take = RECALL_DECAY, 1 - RECALL_DECAY
    mean[RECALL] = keep * mean[RECALL] + take * severity
    own = shared[LEVEL] - effect * shared[REACH] + shared[SWING]
    recall = keep**2 * spread[AT[RECALL, RECALL]] + 2 * keep * take * shared[RECALL] + take**2 * own
    spread[AT[RECALL]] = keep * spread[AT[RECALL]] + take * shared
    spread[AT[RECALL, RECALL]] = recall


def see_score(belief: Belief, noise: Noise, value: Floats) -> None:
    """An answered PHQ-9 total, (people,)."""
    gain = belief.spread[AT[RECALL]]
    _update(belief, value[:, None] - belief.mean[RECALL], gain, gain[RECALL] + noise.answer**2 + ROUNDING)


def see_mood(belief: Belief, noise: Noise, value: Floats) -> None:
    """A mood 0..10, (people,)."""
    severity, shared = _severity(belief, exposure(belief))
    gain = belief.spread[AT[MOOD]] - noise.mood_slope * shared
    surprise = value[:, None] - belief.mean[MOOD] + noise.mood_slope * severity
    effect = exposure(belief)
    own = gain[LEVEL] - effect * gain[REACH] + gain[SWING]
    variance = gain[MOOD] - noise.mood_slope * own
    _update(belief, surprise, gain, variance + noise.mood_answer**2 + ROUNDING)


def _severity(belief: Belief, effect: Floats) -> tuple[Floats, Floats]:
    """Today's severity, and its covariance with each state."""
    mean, spread = belief.mean, belief.spread
    shared = spread[AT[LEVEL]] - effect * spread[AT[REACH]] + spread[AT[SWING]]
    return mean[LEVEL] - effect * mean[REACH] + mean[SWING], shared


def _update(belief: Belief, surprise: Floats, gain: Floats, variance: Floats) -> None:
    """One scalar observation. gain: its covariance with each state, (5, people, points); variance: of the surprise."""
    total = np.maximum(variance, surprise**2 / OUTLIER**2)
    share = gain / total
    belief.log -= 0.5 * (np.log(total) + surprise**2 / total)
    belief.mean += share * surprise
    belief.spread -= share[ROWS] * gain[COLUMNS]
