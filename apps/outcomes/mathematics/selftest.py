"""A model that watches itself: a one-sided CUSUM on whether answers fell inside the 80 % band.

Two answers of one person are alike, so at most one forecast of a person a week is tested, a week brings at most
WEEKLY of them whatever the size of the clinic, and a person's n-th tested forecast counts for less (design effect).
LIMIT is set by simulation (docs/forecasting.md): in a year of 1,040 tested forecasts a calibrated model is switched off in
under 5 of 100 clinics; at a true coverage of 0.65 it takes about 95 forecasts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.outcomes.mathematics.courses import Floats, Ints

NOMINAL: Final = 0.80
BROKEN: Final = 0.65
LIMIT: Final = 6.0
WEEKLY: Final = 20
ALIKE: Final = 0.05  # correlation of two grades of one person
DRIFT_SLACK: Final = 0.25  # standard deviations that are forgiven at each answer
DRIFT_LIMIT: Final = 12.0
OUTLYING: Final = 3.0
INSIDE: Final = log(BROKEN / NOMINAL)
OUTSIDE: Final = log((1 - BROKEN) / (1 - NOMINAL))


@dataclass(frozen=True, slots=True)
class Grade:
    """One graded forecast. week: any number that names its week; share: of the answer's rounding cell inside, 0..1."""

    person: str
    week: int
    share: float


@dataclass(frozen=True, slots=True)
class SelfTest:
    """level: the CUSUM now; broken_at: how many tested forecasts it took, None while it holds."""

    tested: int
    level: float
    coverage: float | None
    broken_at: int | None


def admitted(grades: Iterable[Grade]) -> list[Grade]:
    """The grades that the test takes, in order: the first of a person in a week, the first WEEKLY of a week."""
    taken: list[Grade] = []
    seen: set[tuple[str, int]] = set()
    in_week: dict[int, int] = {}
    for grade in grades:
        key = (grade.person, grade.week)
        if key not in seen and in_week.get(grade.week, 0) < WEEKLY:
            seen.add(key)
            in_week[grade.week] = in_week.get(grade.week, 0) + 1
            taken.append(grade)
    return taken


def self_test(grades: Iterable[Grade], limit: float = LIMIT) -> SelfTest:
    """Run the test over graded forecasts in the order in which their day came."""
    taken, level, broken, earlier = admitted(grades), 0.0, None, dict[str, int]()
    for number, grade in enumerate(taken, start=1):
        before = earlier.get(grade.person, 0)
        level = max(0.0, level + evidence(grade.share) / (1 + before * ALIKE))
        earlier[grade.person] = before + 1
        if broken is None and level >= limit:
            broken = number
    coverage = sum(grade.share for grade in taken) / len(taken) if taken else None
    return SelfTest(len(taken), level, coverage, broken)


def drift(errors: Iterable[Grade], limit: float = DRIFT_LIMIT) -> SelfTest:
    """A two-sided CUSUM on standardised errors (in Grade.share): do answers lie to one side of the middle?

    The same grades are admitted, and a person's further ones count for less. coverage: the mean error.
    """
    taken, up, down, broken, earlier = admitted(errors), 0.0, 0.0, None, dict[str, int]()
    for number, grade in enumerate(taken, start=1):
        before = earlier.get(grade.person, 0)
        step = max(min(grade.share, OUTLYING), -OUTLYING) / (1 + before * ALIKE)
        up, down = max(0.0, up + step - DRIFT_SLACK), max(0.0, down - step - DRIFT_SLACK)
        earlier[grade.person] = before + 1
        if broken is None and max(up, down) >= limit:
            broken = number
    mean = sum(grade.share for grade in taken) / len(taken) if taken else None
    return SelfTest(len(taken), max(up, down), mean, broken)


def simulate_drift(shift: float, forecasts: int, runs: int, seed: int, limit: float = DRIFT_LIMIT) -> Floats:
    """In how many tested forecasts the drift alarm rang, (runs,), infinity where not. People differ (ALIKE)."""
    rng = np.random.default_rng(seed)
    found = np.full(runs, np.inf)
    for run in range(runs):
        who = (np.arange(forecasts) // 150) * 10 + rng.integers(0, 60, forecasts)
        own = rng.normal(shift, ALIKE**0.5, who.max() + 1)
        errors = own[who] + rng.normal(0, (1 - ALIKE) ** 0.5, forecasts)
        grades = (
            Grade(str(person), number // WEEKLY * 1000 + number, error)
            for number, (person, error) in enumerate(zip(who.tolist(), errors.tolist(), strict=True))
        )
        rang = drift(grades, limit).broken_at
        found[run] = np.inf if rang is None else rang
    return found


def evidence(share: float) -> float:
    """Log-likelihood ratio of a broken model for one answer."""
    return share * INSIDE + (1 - share) * OUTSIDE


def simulate(coverage: float, forecasts: int, runs: int, seed: int, limit: float = LIMIT, people: int = 60) -> Floats:
    """In how many tested forecasts it switched off, (runs,), infinity where not. People differ: beta-binomial, ALIKE."""
    rng = np.random.default_rng(seed)
    spread = 1 / ALIKE - 1
    found = np.full(runs, np.inf)
    for run in range(runs):
        own = rng.beta(coverage * spread, (1 - coverage) * spread, people + forecasts // 10)
        who = (np.arange(forecasts) // 150) * 10 + rng.integers(0, people, forecasts)
        hits = rng.random(forecasts) < own[who % len(own)]
        found[run] = _first(hits, who, limit)
    return found


def _first(hits: NDArray[np.bool_], who: Ints, limit: float) -> float:
    level, earlier = 0.0, dict[int, int]()
    for number, (hit, person) in enumerate(zip(hits.tolist(), who.tolist(), strict=True), start=1):
        before = earlier.get(person, 0)
        level = max(0.0, level + (INSIDE if hit else OUTSIDE) / (1 + before * ALIKE))
        earlier[person] = before + 1
        if level >= limit:
            return number
    return np.inf
