"""When may the person drive again? (label: not before the next day, after restful sleep.) Pure.

The morning begins at six where the person lives. It alone does not end the rule: somebody says that they slept and are
as usual (product default), until then the page goes on saying "do not drive", for at most three days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(6)
ASKED_FOR = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Driving:
    """until: the morning; ask: it has come, and the person has not said yet that they slept and are as usual."""

    until: datetime
    ask: bool


def morning_after(dosed_at: datetime, zone: str, hour: int | None = None) -> datetime:
    """Six o'clock (or that hour) of the day after, where the person lives."""
    local = dosed_at.astimezone(ZoneInfo(zone))
    day: date = local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING if hour is None else time(hour), tzinfo=ZoneInfo(zone))


def driving(dosed_at: datetime | None, zone: str, at: datetime, *, released: bool) -> Driving | None:
    """None: nothing stands against driving. released: after that morning, slept and well was said."""
    if dosed_at is None:
        return None
    until = morning_after(dosed_at, zone)
    if at < until:
        return Driving(until, ask=False)
    return None if released or at >= until + ASKED_FOR else Driving(until, ask=True)
