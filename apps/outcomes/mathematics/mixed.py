"""A linear mixed model, fitted by restricted maximum likelihood: a second opinion beside the filter and the plain means.

y = X b + Z u + e for each person, u normal with covariance D, e with variance s2. The likelihood is profiled over b and s2, so
that only the Cholesky factor of D / s2 is searched for.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Floats
from apps.outcomes.mathematics.minimum import minimum
from apps.outcomes.mathematics.report import SERIES, Treated

FEWEST: Final = 20  # people, for a mean that is worth telling
NORMAL: Final = 1.959964
WEEKS: Final = 4  # after the end of the series


@dataclass(frozen=True, slots=True)
class Rows:
    """One person's answers: y (answers,), fixed (answers, effects), random (answers, own effects)."""

    y: Floats
    fixed: Floats
    random: Floats


@dataclass(frozen=True, slots=True)
class Mixed:
    """effects, errors: of the fixed effects; between: covariance of the random ones; within: variance of an answer."""

    effects: Floats
    covariance: Floats
    between: Floats
    within: float

    @property
    def errors(self) -> Floats:
        return np.sqrt(np.diag(self.covariance))


@dataclass(frozen=True, slots=True)
class Change:
    """Mean change of the total from before treatment to the weeks after the series, with its 95 % interval."""

    people: int
    mean: float
    low: float
    high: float


def fit_mixed(people: Sequence[Rows]) -> Mixed:
    """Restricted maximum likelihood. Raises ValueError without enough answers to tell the variances apart."""
    own, count = people[0].random.shape[1], sum(len(one.y) for one in people)
    if count <= people[0].fixed.shape[1] + own:
        raise ValueError("too few answers")
    lower = np.tril_indices(own)
    start = np.eye(own)[lower]
    alike = _by_length(people)
    found = minimum(lambda vector: _profiled(vector, alike)[0], start)
    _loss, effects, inverse, within, relative = _profiled(found, alike)
    return Mixed(effects, inverse * within, relative * within, within)


def _by_length(people: Sequence[Rows]) -> list[Rows]:
    """People with as many answers side by side, (people, answers, ...), so that each length is one step."""
    found: defaultdict[int, list[Rows]] = defaultdict(list)
    for one in people:
        found[len(one.y)].append(one)
    return [
        Rows(*(np.stack([getattr(one, name) for one in group]) for name in ("y", "fixed", "random")))
        for group in found.values()
    ]


def _profiled(vector: Floats, groups: Sequence[Rows]) -> tuple[float, Floats, Floats, float, Floats]:
    """Minus the restricted log-likelihood (but for a constant), effects, inverse of their information, s2, D / s2."""
    own, effects = groups[0].random.shape[-1], groups[0].fixed.shape[-1]
    factor = np.zeros((own, own))
    factor[np.tril_indices(own)] = vector
    relative = factor @ factor.T
    information, shared, squares, spread, count = np.zeros((effects, effects)), np.zeros(effects), 0.0, 0.0, 0
    for group in groups:
        covariance = np.eye(group.y.shape[1]) + group.random @ relative @ group.random.swapaxes(1, 2)
        root = np.linalg.cholesky(covariance)
        fixed, y = np.linalg.solve(root, group.fixed), np.linalg.solve(root, group.y[..., None])[..., 0]
        information += np.einsum("kni,knj->ij", fixed, fixed)
        shared += np.einsum("kni,kn->i", fixed, y)
        squares += float(np.sum(y**2))
        spread += 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
        count += y.size
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    best = inverse @ shared
    left = count - effects
    within = max(float(squares - shared @ best) / left, 1e-12)
    loss = 0.5 * (left * np.log(within) + spread + float(np.linalg.slogdet(information)[1]))
    return float(loss), best, inverse, within, relative


def mean_change(treated: Sequence[Treated]) -> Change | None:
    """Over all who completed the series, by all their answers, so that who stops answering is not left out.

    Fixed: before treatment, change in the weeks after the series. Random: both, by person. None with too few people.
    """
    people = [rows for one in treated if (rows := _rows(one)) is not None]
    if sum(len(rows.y) > 1 for rows in people) < FEWEST:
        return None
    found = fit_mixed(people)
    mean, error = float(found.effects[1]), float(found.errors[1])
    return Change(len(people), mean, mean - NORMAL * error, mean + NORMAL * error)


def _rows(one: Treated) -> Rows | None:
    """Before treatment and the answers of the weeks after the series; None where it was not completed."""
    if len(one.induction) < SERIES:
        return None
    end = max(one.induction)
    after = [total for day, total in one.scores if end < day <= end + 7 * WEEKS]
    phase = np.array([0.0, *([1.0] * len(after))])
    design = np.column_stack([np.ones(len(phase)), phase])
    return Rows(np.array([one.baseline, *after]), design, design)
