"""How old a value may be before it must not look like today's. Pure.

Limits are product defaults: twice the usual rhythm of the measurement (a home cuff twice a day, weight twice a month).
"""

from __future__ import annotations

from datetime import datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_STALE_AFTER = {
    "8480-6": DAY,
    "8462-4": DAY,
    "8867-4": DAY,
    "9279-1": DAY,
    "59408-5": DAY,
    "2708-6": DAY,
    "8310-5": DAY,
    "29463-7": 30 * DAY,
    "8302-2": 5 * 365 * DAY,
    "39156-5": 30 * DAY,
    "mood": 2 * DAY,
    "sleep": 2 * DAY,
    "medicine-effect": 2 * DAY,
}
_LABS = 180 * DAY
#: A live stream of vitals: grey after so long, an alarm after so long (promises 2.7).
LIVE_GREY = timedelta(seconds=5)
LIVE_ALARM = timedelta(seconds=15)


def stale_after(code: str) -> timedelta:
    """The age from which a value is drawn as old."""
    return _STALE_AFTER.get(code, _LABS)


def is_stale(code: str, effective_at: datetime, now: datetime) -> bool:
    """Is the value too old to speak for now?"""
    return now - effective_at > stale_after(code)
