"""When a visit may be entered, cancelled and reminded of. Pure; product defaults, no clinical values."""

from datetime import datetime, timedelta
from typing import Final

EARLIEST_ARRIVAL: Final = timedelta(minutes=30)  # the waiting room opens so long before the start
LATEST_ARRIVAL: Final = timedelta(minutes=60)  # and stays open so long after the planned end
REMIND_BEFORE: Final = (timedelta(hours=24), timedelta(minutes=15))
MINUTES_MIN: Final = 5
MINUTES_MAX: Final = 180
DELAY_MAX_MINUTES: Final = 240
PAGE_CLOSED: Final = timedelta(seconds=60)  # a waiting page says every 15 seconds that it is open
SEAT_FRESH: Final = timedelta(seconds=30)  # a page that has not said so for longer is gone


def may_arrive(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Is the waiting room open?"""
    return starts_at - EARLIEST_ARRIVAL <= now <= ends_at + LATEST_ARRIVAL


def patient_may_cancel(starts_at: datetime, now: datetime, before: timedelta) -> bool:
    """Without a phone call to the clinic. before: how long before the start the clinic has set the limit."""
    return now <= starts_at - before


def next_reminder(starts_at: datetime, after: datetime) -> datetime | None:
    """The first reminder strictly later than `after`; None when there is none left."""
    times = sorted(starts_at - before for before in REMIND_BEFORE)
    return next((moment for moment in times if moment > after), None)


def reminder_name(starts_at: datetime, due_at: datetime) -> str:
    """Which reminder is due at that moment: its distance to the start in minutes, e.g. "1440" or "15"."""
    return str(round((starts_at - due_at).total_seconds() / 60))


def expected_at(starts_at: datetime, delay_minutes: int) -> datetime:
    """When the visit is now expected to begin."""
    return starts_at + timedelta(minutes=delay_minutes)
