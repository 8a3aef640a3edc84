"""On which days the doses of a course may fall, and what stands against it. Pure; days are the clinic's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from apps.sessions.dose_limits import DoseLevel, IntervalCheck, Route, interval_check
from apps.sessions.free_times import Span
from apps.sessions.treatment.courses import CourseTemplate

AT_MOST = 26


@dataclass(frozen=True, slots=True)
class House:
    """When the clinic treats. weekdays: Monday is 0; closed: days off; hours of its own clock; chairs at one time."""

    weekdays: frozenset[int] = frozenset(range(5))
    closed: frozenset[date] = frozenset()
    opens: int = 8
    closes: int = 18
    chairs: int = 4

    def is_open(self, day: date) -> bool:
        """Does it treat on that day?"""
        return day.weekday() in self.weekdays and day not in self.closed


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A proposal. phase from 0; review: a review is due before it."""

    number: int
    phase: int
    day: date
    review: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dose of the plan: its number, its day by the clinic's clock, the hours it takes (whole or part), its span."""

    number: int
    day: date
    starts_hour: float
    ends_hour: float
    span: Span


@dataclass(frozen=True, slots=True)
class Busy:
    """What else is there: spans of other people's doses (chairs), of times when the prescriber is away, of the person.

    staff: when each one who gives doses is there, None where nobody has said; needed: how many must be, all the time.
    """

    chairs: Sequence[Span] = ()
    away: Sequence[Span] = ()
    person: Sequence[Span] = ()
    given: Sequence[date] = field(default_factory=tuple)
    staff: Sequence[Sequence[Span]] | None = None
    needed: int = 2


def propose(template: CourseTemplate, given: Sequence[date], first: date, count: int, house: House) -> list[PlannedDay]:
    """The next `count` doses from `first` on: each as early as its spacing and the house allow."""
    number, before = len(given), sorted(given)
    found: list[PlannedDay] = []
    for _one in range(min(count, AT_MOST, _left(template, number))):
        number += 1
        spaced = before[-1] + timedelta(days=template.spacing(number)[0]) if before else first
        day = _next_fit(template, max(first, spaced), before, house)
        found.append(PlannedDay(number, template.phase_of(number), day, number in template.review_before))
        before.append(day)
    return found


def _left(template: CourseTemplate, given: int) -> int:
    return AT_MOST if template.doses is None else max(template.doses - given, 0)


def _next_fit(template: CourseTemplate, day: date, before: Sequence[date], house: House) -> date:
    """The first open day from then on which the label does not forbid."""
    for ahead in range(60):
        one = day + timedelta(days=ahead)
        if house.is_open(one) and _label(template, one, before).level is not DoseLevel.HARD_STOP:
            return one
    return day


def _label(template: CourseTemplate, day: date, before: Collection[date]) -> IntervalCheck:
    """What the label says to a dose on that day after those; nothing to ketamine."""
    if template.route is not Route.INTRANASAL_ESKETAMINE:
        return IntervalCheck(DoseLevel.WITHIN_USUAL, ())
    first = min([*before, day])
    return interval_check((day - first).days + 1, [(one - first).days + 1 for one in before])


def conflicts(
    template: CourseTemplate, plan: Sequence[Wanted], busy: Busy, house: House, today: date
) -> dict[int, tuple[str, ...]]:
    """Everything that stands against each dose of a plan, by its number; no entry: nothing does."""
    found = {}
    for index, one in enumerate(plan):
        before = sorted([*busy.given, *(other.day for other in plan[:index])])
        codes = tuple(
            dict.fromkeys(
                [*_of_spacing(template, one, before), *_of_house(one, house, today), *_of_people(one, busy, house)]
            )
        )
        if codes:
            found[one.number] = codes
    return found


def _of_spacing(template: CourseTemplate, one: Wanted, before: Collection[date]) -> Iterator[str]:
    if before:
        low, high = template.spacing(one.number)
        gap = (one.day - max(before)).days
        if gap < low:
            yield "too_soon"
        elif gap > high:
            yield "too_late"
    yield from _label(template, one.day, before).reasons
    if template.doses is not None and one.number > template.doses:
        yield "over_planned"


def _of_house(one: Wanted, house: House, today: date) -> Iterator[str]:
    if one.day < today:
        yield "past"
    if not house.is_open(one.day):
        yield "closed_day"
    if one.starts_hour < house.opens or one.ends_hour > house.closes:
        yield "outside_hours"


def _of_people(one: Wanted, busy: Busy, house: House) -> Iterator[str]:
    if _most_at_once(one.span, busy.chairs) >= house.chairs:
        yield "chairs_full"
    if any(one.span.touches(span) for span in busy.away):
        yield "prescriber_away"
    if busy.staff is not None and _fewest_there(one.span, busy.staff) < busy.needed:
        yield "staff_short"
    if any(one.span.touches(span) for span in busy.person):
        yield "person_busy"


def _fewest_there(span: Span, staff: Sequence[Sequence[Span]]) -> int:
    """How many are there at the emptiest moment of the span. It changes only where somebody comes or goes."""
    edges = {edge for hours in staff for one in hours for edge in (one.starts_at, one.ends_at)}
    moments = [span.starts_at, *(edge for edge in edges if span.starts_at <= edge < span.ends_at)]
    return min(sum(any(one.starts_at <= at < one.ends_at for one in hours) for hours in staff) for at in moments)


def _most_at_once(span: Span, others: Sequence[Span]) -> int:
    """How many of the others lie over each other at the fullest moment of the span."""
    touching = [other for other in others if span.touches(other)]
    moments = [max(span.starts_at, other.starts_at) for other in touching]
    return max((sum(other.starts_at <= at < other.ends_at for other in touching) for at in moments), default=0)
