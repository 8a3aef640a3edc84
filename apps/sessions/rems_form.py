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
