"""What the person's own check before a session says against it. Pure.

Pressure over 140/90, no ride and a new finding hold the day as they do at the chair (clinical.md 2.4); what is only to be
looked at is a caution.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Told:
    """As the person answered. feeling: 0 to 10."""

    ride: bool
    fasting: bool
    medicines_as_told: bool
    something_new: bool
    wants_to_talk: bool
    feeling: int
    sbp: int | None = None
    dbp: int | None = None


EVENING = time(17)  # of the day before, where the person is (product default)
MORNING_BEFORE = timedelta(hours=3)
EARLIEST = time(6, 30)
LOW_FEELING = 2  # product default
SBP_OVER, DBP_OVER = 140, 90


def holds(told: Told) -> frozenset[str]:
    """Codes that hold the session until staff have looked and a prescriber has decided."""
    found = set()
    if told.something_new:
        found.add("pre_visit_something_new")
    if (told.sbp or 0) > SBP_OVER or (told.dbp or 0) > DBP_OVER:
        found.add("pre_visit_pressure")
    if told.wants_to_talk or told.feeling <= LOW_FEELING:
        found.add("pre_visit_talk_first")
    return frozenset(found)


def cautions(told: Told) -> frozenset[str]:
    """Codes that are said; the questions at the chair ask them again."""
    found = set()
    if not told.ride:
        found.add("pre_visit_no_ride")
    if not told.fasting:
        found.add("pre_visit_not_fasting")
    if not told.medicines_as_told:
        found.add("pre_visit_medicines")
    return frozenset(found)


def reminders(starts_at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the person is reminded: the evening before, and that morning, never in the night and always before it begins."""
    local = starts_at.astimezone(zone)
    evening = datetime.combine(local.date() - timedelta(days=1), EVENING, zone)
    woken = datetime.combine(local.date(), EARLIEST, zone)
    morning = min(max(starts_at - MORNING_BEFORE, woken), starts_at - timedelta(minutes=15))
    return evening, max(morning, evening + timedelta(minutes=1))


def next_reminder(starts_at: datetime, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first one strictly later than `after` and before the session; None when there is none left."""
    return next((moment for moment in reminders(starts_at, zone) if after < moment < starts_at), None)
