"""When a survey is due, in the calendar of the person who answers. Pure date arithmetic: no clock, no database.

A slot is named by its local day and never renamed: neither the change of the clocks nor a journey can double or
drop one. Only its moments are computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.core.wall_clock import is_quiet, local_moment

DAY = timedelta(days=1)
EVENING = time(19)
LATER = {"1h": timedelta(hours=1), "3h": timedelta(hours=3)}


def window(day: date, opens_time: time, open_hours: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the slot of that local day opens and closes, in UTC; the end is read from the wall as well.

    open_hours: 1 or more, hours on the wall. The window is never empty.
    """
    wall = datetime.combine(day, opens_time)
    opens_at = local_moment(wall, zone)
    closes_at = local_moment(wall + timedelta(hours=open_hours), zone)
    return opens_at, closes_at if closes_at > opens_at else opens_at + timedelta(hours=open_hours)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day in the person's calendar at that moment."""
    return moment.astimezone(zone).date()


def due_days(
    rhythm: str,
    first: date,
    last: date,
    *,
    starts_on: date,
    weekday: int | None = None,
    ends_on: date | None = None,
    paused_until: date | None = None,
    every: int = 1,
) -> list[date]:
    """The local days from `first` to `last`, both included, on which a form is due.

    rhythm: daily, weekly (on `weekday`, 0 = Monday) or once (on starts_on, or the day a pause ends). A pause ends
    on the morning of `paused_until`. every: 1 for each day or week, 2 for every other one, counted from the first.
    """
    begin = max(day for day in (starts_on, paused_until) if day is not None)
    if rhythm == "once":
        days = [begin]
    else:
        step = every * (1 if rhythm == "daily" else 7)
        origin = (
            starts_on if weekday is None or rhythm == "daily" else starts_on + (weekday - starts_on.weekday()) % 7 * DAY
        )
        days = [day for day in _days(max(first, begin), last) if (day - origin).days % step == 0 and day >= origin]
    return [day for day in days if first <= day <= last and (ends_on is None or day <= ends_on)]


def later_moments(
    now: datetime, closes_at: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time
) -> dict[str, datetime]:
    """What "remind me later" can mean now: 1h, 3h, evening (19:00 on the wall), each with its moment.

    Left out: what is not before `closes_at`, what falls in the quiet hours, an evening that is less than an hour away.
    """
    moments = {choice: now + wait for choice, wait in LATER.items()}
    evening = local_moment(datetime.combine(local_day(now, zone), EVENING), zone)
    if evening >= moments["1h"]:
        moments["evening"] = evening
    return {
        choice: moment
        for choice, moment in moments.items()
        if moment < closes_at and not is_quiet(moment.astimezone(zone).time(), quiet_from, quiet_until)
    }


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY
