"""When the desk is open, in the clinic's own calendar. Pure: no Django, no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD_DAYS = 60  # a desk that never opens again is not promised


@dataclass(frozen=True, slots=True)
class Hours:
    """opens, closes: wall clock; days: weekdays (0 Monday) on which it opens; holidays: days on which it does not."""

    opens: time
    closes: time
    days: frozenset[int]
    holidays: frozenset[date]
    zone: ZoneInfo

    def is_open(self, at: datetime) -> bool:
        """At that moment, where the clinic is."""
        return self.open_until(at) is not None

    def open_until(self, at: datetime) -> datetime | None:
        """When it closes; None while it is closed. A desk that closes at or before its opening does so the next day."""
        today = at.astimezone(self.zone).date()
        spans = [self._span(day) for day in (today, today - timedelta(days=1)) if self._works(day)]
        return next((end for start, end in spans if start <= at < end), None)

    def next_opening(self, at: datetime) -> datetime | None:
        """When it opens next; None while it is open, or when it does not open within sixty days."""
        if self.is_open(at):
            return None
        today = at.astimezone(self.zone).date()
        days = (today + timedelta(days=number) for number in range(LOOK_AHEAD_DAYS + 1))
        starts = (self._span(day)[0] for day in days if self._works(day))
        return next((start.astimezone(at.tzinfo) for start in starts if start > at), None)

    def _span(self, day: date) -> tuple[datetime, datetime]:
        last = day + timedelta(days=1) if self.closes <= self.opens else day
        return self._instant(day, self.opens), self._instant(last, self.closes)

    def _instant(self, day: date, wall: time) -> datetime:
        """Of a time that exists twice the first; of one that does not exist, as if clocks had not moved."""
        return datetime.combine(day, wall, self.zone).astimezone(ZoneInfo("UTC"))

    def _works(self, day: date) -> bool:
        return day.weekday() in self.days and day not in self.holidays


def hours_from(settings: Mapping[str, Any], zone: ZoneInfo) -> Hours:
    """From the clinic's settings desk_opens, desk_closes, desk_days ("mon tue") and holidays ("2026-12-25 2027-01-01").

    Words that are no day are passed over, and times that are none are 08:00 and 18:00: a slip of the pen must not stop
    a page.
    """
    return Hours(
        opens=time_in(settings["desk_opens"]) or time(8),
        closes=time_in(settings["desk_closes"]) or time(18),
        days=frozenset(DAYS.index(word) for word in _words(settings["desk_days"]) if word in DAYS),
        holidays=frozenset(filter(None, map(_day, _words(settings["holidays"])))),
        zone=zone,
    )


def time_in(text: object) -> time | None:
    """The wall clock time that is written there; None where there is none."""
    try:
        return time.fromisoformat(str(text)).replace(tzinfo=None)
    except ValueError:
        return None


def _words(text: str) -> list[str]:
    return str(text).lower().replace(",", " ").split()


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None
