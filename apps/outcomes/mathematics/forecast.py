"""What the PHQ-9 will be under a plan of sessions: quantiles of the mixture, and how likely a response is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from apps.outcomes.mathematics.courses import Floats
from apps.outcomes.mathematics.fit import Model, responsibilities
from apps.outcomes.mathematics.kalman import AT, RECALL, ROUNDING, Belief, copy_of, next_day, take_dose

HIGHEST = 27.0
LOWEST, FARTHEST = -30.0, 60.0  # where a quantile is looked for, before it is cut to 0..27
HALVINGS = 26  # to a millionth of a point
NOTHING = 1e-9  # of a person's probability


@dataclass(frozen=True, slots=True)
class Mixture:
    """A future answer: weights, centre, width, all (people, points). Points of the PHQ-9."""

    weights: Floats
    centre: Floats
    width: Floats

    def row(self, number: int) -> "Mixture":
        """One person of it."""
        rows = slice(number, number + 1)
        return Mixture(self.weights[rows], self.centre[rows], self.width[rows])

    def below(self, value: Floats) -> Floats:
        """Probability that it is at most value, (people,)."""
        found: Floats = np.sum(self.weights * ndtr((value[:, None] - self.centre) / self.width), axis=1)
        return found

    def quantile(self, share: float) -> Floats:
        """The value that a share of the probability lies below, within 0..27, (people,)."""
        return self.quantiles((share,))[:, 0]

    def quantiles(self, shares: Sequence[float]) -> Floats:
        """The same of several shares, (people, shares); by bisection, all at once. Points that hardly count are left out."""
        counts = self.weights.max(axis=0) > NOTHING
        weights, centre, width = (each[:, None, counts] for each in (self.weights, self.centre, self.width))
        shape = (len(self.centre), len(shares))
        low, high = np.full(shape, LOWEST), np.full(shape, FARTHEST)
        for _half in range(HALVINGS):
            middle = (low + high) / 2
            under = np.sum(weights * ndtr((middle[:, :, None] - centre) / width), axis=2) < np.asarray(shares)
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        found: Floats = np.clip((low + high) / 2, 0.0, HIGHEST)
        return found

    def widened(self, by: float) -> "Mixture":
        """The same centre, with deviations from its mean `by` times as large."""
        mean = np.sum(self.weights * self.centre, axis=1, keepdims=True)
        return replace(self, centre=mean + by * (self.centre - mean), width=by * self.width)


def stacked(days: Sequence[Mixture]) -> Mixture:
    """Several days of one person as one mixture with a row a day, so that quantiles are found together."""
    return Mixture(
        np.concatenate([each.weights for each in days]),
        np.concatenate([each.centre for each in days]),
        np.concatenate([each.width for each in days]),
    )


def ahead(belief: Belief, model: Model, plan: Floats, days: set[int]) -> dict[int, Mixture]:
    """The reported total so many days ahead. plan: exposure of sessions, (people, days + 1), column 0 is today."""
    moving, found = copy_of(belief), {}
    weights = responsibilities(belief.log, model.weights)
    for day in range(max(days) + 1):
        if day:
            take_dose(moving, model.grid, plan[:, day - 1])
            next_day(moving, model.grid, model.noise)
        if day in days:
            variance = moving.spread[AT[RECALL, RECALL]] + model.noise.answer**2 + ROUNDING
            found[day] = Mixture(weights, moving.mean[RECALL].copy(), np.sqrt(variance)).widened(model.widening)
    return found


def response(answer: Mixture, baseline: Floats) -> Floats:
    """Probability that the reported total is at most half the baseline; whole numbers, so half a point more counts."""
    return answer.below(np.floor(baseline / 2) + 0.5)
