"""Proportions with Wilson's interval, and Kaplan-Meier with Greenwood's error."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Final

Z95: Final = 1.959963984540054


def wilson(yes: int, total: int) -> tuple[float, float] | None:
    """95 % score interval of a proportion (Wilson 1927); None of nothing."""
    if total == 0:
        return None
    share, square = yes / total, Z95**2 / total
    centre = (share + square / 2) / (1 + square)
    half = Z95 / (1 + square) * sqrt(share * (1 - share) / total + square / (4 * total))
    return max(centre - half, 0.0), min(centre + half, 1.0)


@dataclass(frozen=True, slots=True)
class Step:
    """The curve from this day on. error: Greenwood's standard error of the share."""

    day: float
    share: float
    error: float
    at_risk: int
    events: int


@dataclass(frozen=True, slots=True)
class Survival:
    """A Kaplan-Meier curve; before the first step the share is 1."""

    steps: tuple[Step, ...]
    people: int
    events: int

    def at(self, day: float) -> tuple[float, float]:
        """Share and standard error on this day."""
        passed = [step for step in self.steps if step.day <= day]
        return (passed[-1].share, passed[-1].error) if passed else (1.0, 0.0)

    @property
    def median(self) -> float | None:
        """The first day on which at most half are left."""
        return next((step.day for step in self.steps if step.share <= 0.5), None)


def kaplan_meier(times: Iterable[tuple[float, bool]]) -> Survival:
    """times: (days, happened), not happened is censored. At equal times events come before censoring.

    At share 0 Greenwood's error is 0: nobody is left whose fate could differ.
    """
    people = sorted(times)
    share, total, steps, left = 1.0, 0.0, [], len(people)
    for day in sorted({day for day, _happened in people}):
        here = [happened for each, happened in people if each == day]
        events = sum(here)
        if events:
            share *= 1 - events / left
            total += events / (left * (left - events)) if left > events else 0.0
            steps.append(Step(day, share, share * sqrt(total), left, events))
        left -= len(here)
    return Survival(tuple(steps), len(people), sum(happened for _day, happened in people))
