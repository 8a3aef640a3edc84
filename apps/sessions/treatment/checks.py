"""When the next look at the person is due. Pure.

IV, IM, SC: every 10 minutes while it runs, every 15 after (clinical.md 2.5: Riva-Posse). Esketamine: about 40 minutes
after the last device at the latest, every 15 minutes until then and after (product default).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.sessions.dose_limits import Route

SLOW = frozenset({Route.SL, Route.ORAL})


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """Minutes between two looks, clinic settings."""

    during: int = 10
    after: int = 15
    by_mouth: int = 30
    again_after_alert: int = 5
    bp40: int = 40


DEFAULT_CHECKS = CheckLimits()


def next_check(
    route: Route,
    started_at: datetime,
    ended_at: datetime | None,
    looked_at: datetime | None,
    *,
    alerted: bool = False,
    limits: CheckLimits = DEFAULT_CHECKS,
) -> datetime:
    """looked_at: the last reading, None before the first. alerted: it was out of range, look again soon."""
    last = max(started_at, looked_at or started_at)
    if alerted:
        return last + timedelta(minutes=limits.again_after_alert)
    due = last + timedelta(minutes=_pace(route, ended_at, limits))
    if route is Route.INTRANASAL_ESKETAMINE and ended_at is not None:
        at40 = ended_at + timedelta(minutes=limits.bp40)
        if last < at40 - timedelta(minutes=10):
            return min(due, at40)
    return due


def _pace(route: Route, ended_at: datetime | None, limits: CheckLimits) -> int:
    if route in SLOW:
        return limits.by_mouth
    return limits.during if ended_at is None else limits.after
