"""When the REMS monitoring form is due: 7 calendar days after the session (clinical.md 2.5, 2.6). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

FORM_DAYS = 7


@dataclass(frozen=True, slots=True)
class RemsForm:
    """Last day in time, and how things stand."""

    due: date
    overdue: bool
    submitted_late: bool


def rems_form_due(session_date: date, today: date, submitted: date | None = None) -> RemsForm:
    """Overdue from day 8 while nothing is submitted; a form handed in after its day is late, not overdue."""
    due = session_date + timedelta(days=FORM_DAYS)
    outstanding = submitted is None or submitted > today
    return RemsForm(
        due=due,
        overdue=outstanding and today > due,
        submitted_late=submitted is not None and submitted > due,
    )


#: Days after the session on which somebody is told that the form is owed, and how urgent that is (product default).
STEPS: tuple[tuple[int, str], ...] = ((2, "P3"), (5, "P3"), (6, "P2"), (FORM_DAYS, "P2"))
#: From day 8 on every day.
OVERDUE_LEVEL = "P2"


def step_day(session_date: date, step: int) -> tuple[date, str]:
    """When step number `step` (from 0) is due, and its level. After the listed ones it is every day, for ever."""
    if step < len(STEPS):
        days, level = STEPS[step]
    else:
        days, level = FORM_DAYS + 1 + step - len(STEPS), OVERDUE_LEVEL
    return session_date + timedelta(days=days), level
