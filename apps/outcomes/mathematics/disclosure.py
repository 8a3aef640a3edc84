"""Which figures of a group may be shown so that nobody in it is recognised, not even by subtraction.

A count of 1 to 4 is not shown, nor what would give it away: the count that completes it, nor a rate of either.
"""

from dataclasses import dataclass
from typing import Final

from apps.outcomes.mathematics.report import Outcomes
from apps.outcomes.mathematics.survival import Survival, wilson

SMALLEST: Final = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A proportion. None where it is suppressed; of: what it divides by."""

    name: str
    yes: int | None
    of: int | None
    interval: tuple[float, float] | None

    @property
    def share(self) -> float | None:
        """0..1."""
        return self.yes / self.of if self.yes is not None and self.of else None


@dataclass(frozen=True, slots=True)
class Lasted:
    """Share still responding after so many days, with Greenwood's error; None where suppressed."""

    name: str
    people: int | None
    day28: tuple[float, float] | None
    day56: tuple[float, float] | None
    median: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of a group; empty when it is too small to show anything."""

    completed: int | None
    missing: int | None
    figures: tuple[Figure, ...]
    lasting: tuple[Lasted, ...]


def is_small(count: int) -> bool:
    """Few enough to be recognised."""
    return 0 < count < SMALLEST


def shown(found: Outcomes) -> Shown:
    """Suppress small cells. With 1 to 4 missing, nothing that divides by the known is shown: it would give them away."""
    if found.completed < SMALLEST:
        return Shown(None, None, (), ())
    hide = is_small(found.missing) or found.known < SMALLEST
    counts = (("response", found.responded), ("remission", found.remitted), ("deterioration", found.worse))
    figures = [
        _figure("response_missing_as_nonresponse", found.responded, found.completed, hide=False),
        *(_figure(name, yes, found.known, hide=hide) for name, yes in counts),
    ]
    curves = (("treatment_policy", found.treatment_policy), ("while_untreated", found.while_untreated))
    responded = figures[0].yes is None
    return Shown(
        found.completed,
        None if hide else found.missing,
        tuple(figures),
        tuple(_lasted(name, curve, hide=responded) for name, curve in curves),
    )


def _figure(name: str, yes: int, total: int, *, hide: bool) -> Figure:
    if hide or is_small(yes) or is_small(total - yes):
        return Figure(name, None, None, None)
    return Figure(name, yes, total, wilson(yes, total))


def _lasted(name: str, curve: Survival, *, hide: bool) -> Lasted:
    few = curve.people < SMALLEST or is_small(curve.events) or is_small(curve.people - curve.events)
    if hide or few:
        return Lasted(name, None, None, None, None)
    return Lasted(name, curve.people, curve.at(28), curve.at(56), curve.median)
