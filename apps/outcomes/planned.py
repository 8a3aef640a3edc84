"""The sessions that will be given if a person's course goes on as planned: the stated plan of their forecast."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from apps.monitoring.models import Anchor
from apps.outcomes.people import dose_of
from apps.patients.models import Patient
from apps.sessions.models import Course, CourseStatus
from apps.sessions.treatment.courses import TEMPLATES

FURTHEST = 63  # days: what is planned later does not matter to a forecast


def planned_days(last: int, today: int, remaining: int, between: tuple[int, int]) -> list[int]:
    """Days of the course at the usual spacing after the last session; one that is overdue is taken for tomorrow."""
    spacing = max(round(sum(between) / 2), 1)
    first = max(last + spacing, today + 1)
    days = [first + spacing * number for number in range(remaining)]
    return [day for day in days if day <= today + FURTHEST]


def plan_of(patient: Patient, doses: list[Anchor], zone: ZoneInfo, today: date) -> dict[int, float]:
    """Day of the course (0 is the first dose) -> mg/kg of the sessions still planned. doses: oldest first, at least one.

    Empty without an active course with a planned number: what a clinic might give is no plan.
    """
    course = Course.objects.filter(patient=patient, status=CourseStatus.ACTIVE, planned_doses__isnull=False).first()
    template = TEMPLATES.get(course.template) if course else None
    if course is None or course.planned_doses is None or template is None:
        return {}
    days = [dose.started_at.astimezone(zone).date() for dose in doses]
    begun = course.started_at.astimezone(zone).date()
    remaining = course.planned_doses - sum(day >= begun for day in days)
    last, now = (days[-1] - days[0]).days, (today - days[0]).days
    amount = dose_of(doses[-1])
    return dict.fromkeys(planned_days(last, now, max(remaining, 0), template.days_between), amount)
