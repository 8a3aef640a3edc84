"""Which figures of a group may be shown so that nobody in it is recognised, not even by subtraction.

A count of 1 to 4 is not shown, nor what would give it away: the count that completes it, nor a rate of either.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from apps.outcomes.mathematics.report import Outcomes, Treated, outcomes
from apps.outcomes.mathematics.subtraction import told_apart
from apps.outcomes.mathematics.survival import Survival, wilson

SMALLEST: Final = 5
REST: Final = "rest"  # the name of groups that are shown together

Groups = Mapping[str, Sequence[Treated]]


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
    told_apart = not hide and is_small(found.known - found.responded)  # the completed less the missing and these
    counts = (("response", found.responded), ("remission", found.remitted), ("deterioration", found.worse))
    figures = [
        _figure("response_missing_as_nonresponse", found.responded, found.completed, hide=told_apart),
        *(_figure(name, yes, found.known, hide=hide) for name, yes in counts),
        _figure("thoughts_gone", found.thoughts_gone, found.thoughts, hide=hide),
        _figure("thoughts_new", found.thoughts_new, found.no_thoughts, hide=hide),
        _figure("series_completed", found.finished, found.began, hide=False),
    ]
    curves = (("treatment_policy", found.treatment_policy), ("while_untreated", found.while_untreated))
    responded = figures[0].yes is None
    return Shown(
        found.completed,
        None if hide else found.missing,
        tuple(figures),
        tuple(_lasted(name, curve, hide=responded) for name, curve in curves),
    )


@dataclass(frozen=True, slots=True)
class Strata:
    """One table by indication or route. groups: name and what is shown of it, largest first; empty: too few people."""

    groups: tuple[tuple[str, Shown], ...]


def strata(people: Groups, beside: Sequence[Groups] = ()) -> Strata:
    """Groups side by side, so that nothing small can be had by subtracting them from the whole or from each other.

    Groups of 1 to 4 are put together under REST, with the next smallest if need be. A figure is shown of every group or
    of none: one that is missing alone would be the whole less the others. beside: the tables that are shown of the same
    people already; whoever all of them together tell apart has to be many enough as well.
    """
    groups = together(people)
    counted = {name: outcomes(rows) for name, rows in groups.items()}
    between = [outcomes(rows) for rows in told_apart([groups, *(together(each) for each in beside)])]
    if len(counted) < 2 or any(is_small(found.completed) for found in between):
        return Strata(())
    each = {name: shown(found) for name, found in counted.items()}
    looked_at = [*each.values(), *(shown(found) for found in between if found.completed)]
    figures = {fig.name for one in each.values() for fig in one.figures}
    whole = {name for name in figures if all(_has(one, name) for one in looked_at)}
    lasting = {name for name in ("treatment_policy", "while_untreated") if all(_lasts(one, name) for one in looked_at)}
    missing = all(one.missing is not None for one in looked_at)
    kept = {name: _only(one, whole, lasting, missing=missing) for name, one in each.items()}
    ordered = sorted(kept.items(), key=lambda pair: (pair[0] == REST, -(pair[1].completed or 0), pair[0]))
    return Strata(tuple(ordered))


def together(people: Groups) -> dict[str, list[Treated]]:
    """Groups with at least SMALLEST completed series each; the small ones as one. Groups without any are left out."""
    sizes = {name: outcomes(rows).completed for name, rows in people.items()}
    found = {name: list(people[name]) for name, size in sizes.items() if size}
    small = sorted((name for name in found if is_small(sizes[name])), key=lambda name: (sizes[name], name))
    if not small:
        return found
    rest = [person for name in small for person in found.pop(name)]
    while found and outcomes(rest).completed < SMALLEST:
        rest += found.pop(min(found, key=lambda name: (sizes[name], name)))
    return {**found, REST: rest}


def _has(one: Shown, name: str) -> bool:
    return any(figure.name == name and figure.yes is not None for figure in one.figures)


def _lasts(one: Shown, name: str) -> bool:
    return any(curve.name == name and curve.people is not None for curve in one.lasting)


def _only(one: Shown, figures: Collection[str], lasting: Collection[str], *, missing: bool) -> Shown:
    """The same with nothing of the figures that are not named."""
    return Shown(
        one.completed,
        one.missing if missing else None,
        tuple(each if each.name in figures else Figure(each.name, None, None, None) for each in one.figures),
        tuple(each if each.name in lasting else Lasted(each.name, None, None, None, None) for each in one.lasting),
    )


def _figure(name: str, yes: int, total: int, *, hide: bool) -> Figure:
    if hide or not total or is_small(yes) or is_small(total - yes):
        return Figure(name, None, None, None)
    return Figure(name, yes, total, wilson(yes, total))


def _lasted(name: str, curve: Survival, *, hide: bool) -> Lasted:
    few = curve.people < SMALLEST or is_small(curve.events) or is_small(curve.people - curve.events)
    if hide or few:
        return Lasted(name, None, None, None, None)
    return Lasted(name, curve.people, curve.at(28), curve.at(56), curve.median)
