"""The sessions that will be given if a person's course goes on as planned: the stated plan of their forecast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from apps.monitoring.models import Anchor
from apps.outcomes.people import dose_of
from apps.patients.models import Patient
from apps.sessions.models import Course, CourseStatus
from apps.sessions.protocols import plan_of as template_of_course

FURTHEST = 63  # days: what is planned later does not matter to a forecast


def planned_days(last: int, today: int, between: Sequence[tuple[int, int]]) -> list[int]:
    """Days of the course, each at the usual spacing after the one before; one that is overdue is taken for tomorrow.

    between: fewest and most days before each dose that is left.
    """
    days: list[int] = []
    for low, high in between:
        last = max(last + max(round((low + high) / 2), 1), today + 1)
        if last > today + FURTHEST:
            break
        days.append(last)
    return days


def plan_of(patient: Patient, doses: list[Anchor], zone: ZoneInfo, today: date) -> dict[int, float]:
    """Day of the course (0 is the first dose) -> mg/kg of the sessions still planned. doses: oldest first, at least one.

    The days that the clinic has planned; without any, what is left of the counted phases at their usual spacing. Empty
    without either: what a clinic might give is no plan.
    """
    course = Course.objects.filter(patient=patient, status=CourseStatus.ACTIVE).select_related("protocol").first()
    if course is None:
        return {}
    days = [dose.started_at.astimezone(zone).date() for dose in doses]
    amount, now = dose_of(doses[-1]), (today - days[0]).days
    kept = course.planned.filter(status="planned").values_list("starts_at", flat=True)
    ahead = sorted({(at.astimezone(zone).date() - days[0]).days for at in kept})
    found = [day for day in ahead if now < day <= now + FURTHEST]
    if not found and course.planned_doses is not None:
        begun = course.started_at.astimezone(zone).date()
        given = sum(day >= begun for day in days)
        spacing = template_of_course(course).spacing
        between = [spacing(number) for number in range(given + 1, course.planned_doses + 1)]
        found = planned_days((days[-1] - days[0]).days, now, between)
    return dict.fromkeys(found, amount)
