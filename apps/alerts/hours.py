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
        local = at.astimezone(self.zone)
        return self._works(local.date()) and self.opens <= local.time() < self.closes

    def next_opening(self, at: datetime) -> datetime | None:
        """When it opens next; None while it is open, or when it does not open within sixty days."""
        if self.is_open(at):
            return None
        local = at.astimezone(self.zone)
        first = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        days = (first + timedelta(days=number) for number in range(LOOK_AHEAD_DAYS))
        day = next((day for day in days if self._works(day)), None)
        return None if day is None else datetime.combine(day, self.opens, self.zone).astimezone(at.tzinfo)

    def _works(self, day: date) -> bool:
        return day.weekday() in self.days and day not in self.holidays


def hours_from(settings: Mapping[str, Any], zone: ZoneInfo) -> Hours:
    """From the clinic's settings desk_opens, desk_closes, desk_days ("mon tue") and holidays ("2026-12-25 2027-01-01").

    Words that are no day are passed over: a slip of the pen must not stop a page.
    """
    return Hours(
        opens=time.fromisoformat(settings["desk_opens"]),
        closes=time.fromisoformat(settings["desk_closes"]),
        days=frozenset(DAYS.index(word) for word in _words(settings["desk_days"]) if word in DAYS),
        holidays=frozenset(filter(None, map(_day, _words(settings["holidays"])))),
        zone=zone,
    )


def _words(text: str) -> list[str]:
    return str(text).lower().replace(",", " ").split()


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None
