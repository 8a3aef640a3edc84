"""The roster as a week of days and rotas: who holds which pager on which day, and where nobody does. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Protocol

WEEK = 7
MOST_OF_A_DAY = timedelta(hours=12)  # a shift that began the day before stands in a day's cell from this share on
SHADES = "abc"  # classes of static/css/clinician/report.css, one a person, in turn


class Span(Protocol):
    """A shift or a gap."""

    @property
    def rota(self) -> str: ...

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Cell:
    """One shift or gap in one day. hours: "20:00 to 08:00" in the clinic's time; who: "" where nobody is."""

    who: str
    hours: str
    shade: str
    stands_in_for: str
    now: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One rota through the week; cells has a list for each day."""

    words: str
    cells: list[tuple[bool, list[Cell]]]  # (is today, what stands there)


def week(
    *, first: date, zone: tzinfo, now: datetime, rotas: dict[str, str], shifts: Sequence[Span], gaps: Sequence[Span]
) -> tuple[list[tuple[date, bool]], list[Row]]:
    """Seven days from `first`, each with whether it is today, and a row for each rota. Shifts are RosterShift rows."""
    days = [first + timedelta(days=number) for number in range(WEEK)]
    today = now.astimezone(zone).date()
    shades = _shades(shifts)
    rows = []
    for rota, words in rotas.items():
        spans = sorted((one for one in (*shifts, *gaps) if one.rota == rota), key=lambda one: one.starts_at)
        cells = [
            (day == today, [_cell(one, zone, now, shades) for one in _of_day(spans, day, zone, now)]) for day in days
        ]
        rows.append(Row(words, cells))
    return [(day, day == today) for day in days], rows


def _of_day(spans: Iterable[Span], day: date, zone: tzinfo, now: datetime) -> list[Span]:
    """Those that begin that day, hold most of it, or run now, where the day is today."""
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    is_today = start <= now < end

    def belongs(one: Span) -> bool:
        if start <= one.starts_at < end or (is_today and one.starts_at <= now < one.ends_at):
            return True
        return min(end, one.ends_at) - max(start, one.starts_at) >= MOST_OF_A_DAY

    return [one for one in spans if belongs(one)]


def _cell(one: Span, zone: tzinfo, now: datetime, shades: dict[str, str]) -> Cell:
    hours = f"{one.starts_at.astimezone(zone):%H:%M}–{one.ends_at.astimezone(zone):%H:%M}"
    running = one.starts_at <= now < one.ends_at
    who = _name(one)
    if not who:
        return Cell("", hours, "gap", "", running)
    stand_in = getattr(one, "stands_in_for", None)
    return Cell(who, hours, "d" if stand_in else shades[who], str(stand_in.user) if stand_in else "", running)


def _shades(shifts: Iterable[Span]) -> dict[str, str]:
    people = sorted({_name(one) for one in shifts})
    return {who: SHADES[number % len(SHADES)] for number, who in enumerate(people)}


def _name(one: Span) -> str:
    membership = getattr(one, "membership", None)
    return str(membership.user) if membership else ""
