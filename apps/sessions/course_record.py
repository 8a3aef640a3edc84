"""What a course follows, where it stands, and what is known about the person at this moment. Reads only."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Clinic
from apps.alerts.models import Alert
from apps.core.clock import zone_of
from apps.monitoring.models import Holiday, QuestionnaireResponse
from apps.sessions.free_times import Span
from apps.sessions.history import history_codes
from apps.sessions.models import Course, DosingSession, MedicationAdministration, PlannedDose, Visit
from apps.sessions.models.visits import LIVE
from apps.sessions.open_times import absences, treatment_staff
from apps.sessions.protocols import plan_of
from apps.sessions.treatment.courses import CourseTemplate
from apps.sessions.treatment.planning import Busy, House, Wanted

SCORES = ("phq-9", "qids-sr16", "madrs", "gad-7", "c-ssrs", "asrm")


def given_doses(course: Course) -> list[MedicationAdministration]:
    """Doses of the course that stand, in order."""
    rows = MedicationAdministration.objects.known().filter(session__course=course)
    return list(rows.select_related("session").order_by("started_at"))


def given_days(course: Course) -> list[date]:
    """Their days by the clinic's clock."""
    zone = zone_of(course.clinic.time_zone)
    return [dose.started_at.astimezone(zone).date() for dose in given_doses(course)]


def seen_of(course: Course, at: datetime) -> dict[str, Any]:
    """What was known when something was decided: doses, newest scores, highest pressure of the last session, alerts, lists."""
    doses = given_doses(course)
    seen: dict[str, Any] = {"doses": len(doses)}
    if doses:
        last = doses[-1]
        seen["last dose"] = f"{last.started_at.astimezone(zone_of(course.clinic.time_zone)):%Y-%m-%d}, {last}"
        seen |= _peak(last.session)
    seen |= _scores(course, at)
    open_alerts = Alert.objects.filter(patient=course.patient).exclude(state="resolved")
    for level in ("P1", "P2"):
        if count := open_alerts.filter(level=level).count():
            seen[f"open {level}"] = count
    if found := history_codes(course.patient):
        seen["lists"] = found
    return seen


def _peak(session: DosingSession) -> dict[str, Any]:
    found = session.events.filter(kind="vitals").aggregate(sbp=Max("sbp"), dbp=Max("dbp"))
    effects = session.events.filter(kind="effect", grade__gte=2).values_list("term", flat=True)
    peak: dict[str, Any] = {}
    if found["sbp"]:
        peak["highest pressure"] = f"{found['sbp']}/{found['dbp']}"
    if effects:
        peak["effects"] = sorted(set(effects))
    return peak


def _scores(course: Course, at: datetime) -> dict[str, Any]:
    rows = QuestionnaireResponse.objects.filter(
        patient=course.patient, questionnaire__key__in=SCORES, status="completed", authored_at__lte=at
    ).select_related("questionnaire")
    found: dict[str, Any] = {}
    for row in rows.order_by("authored_at"):
        value = row.severity if row.total is None else f"{row.total:g}"
        found[row.questionnaire.title] = f"{value}, {row.authored_at:%Y-%m-%d}"
    return found


def review_due(course: Course, number: int, template: CourseTemplate | None = None) -> bool:
    """Is this dose one that needs a review, and was there none since the dose before?"""
    plan = template or plan_of(course)
    if number not in plan.review_before:
        return False
    doses = given_doses(course)
    since = doses[-1].started_at if doses else course.started_at
    return not course.changes.filter(kind="reviewed", created_at__gte=since).exists()


def house_of(clinic: Clinic) -> House:
    """When the clinic treats."""
    settings = settings_of(clinic)
    closed = frozenset(Holiday.objects.filter(clinic=clinic).values_list("day", flat=True))
    weekdays = range(6 if settings["sessions_on_saturday"] else 5)
    return House(
        frozenset(weekdays), closed, settings["sessions_open_hour"], settings["sessions_close_hour"], settings["chairs"]
    )


def wanted_of(number: int, starts_at: datetime, ends_at: datetime, clinic: Clinic) -> Wanted:
    """A planned dose as the rules see it."""
    start = starts_at.astimezone(zone_of(clinic.time_zone))
    begins = start.hour + start.minute / 60
    length = (ends_at - starts_at).total_seconds() / 3600
    return Wanted(number, start.date(), begins, begins + length, Span(starts_at, ends_at))


def busy_of(course: Course, first: datetime, last: datetime) -> Busy:
    """Who and what is taken between those moments, this course's own plan apart."""
    span = Span(first, last + timedelta(days=1))
    planned = PlannedDose.objects.filter(
        clinic_id=course.clinic_id, status="planned", starts_at__lt=span.ends_at, ends_at__gt=span.starts_at
    )
    visits = Visit.objects.filter(
        patient=course.patient, status__in=LIVE, starts_at__lt=span.ends_at, ends_at__gt=span.starts_at
    )
    return Busy(
        chairs=[Span(row.starts_at, row.ends_at) for row in planned.exclude(course=course)],
        away=[Span(row.starts_at, row.ends_at) for row in absences(course.prescriber_id, span)],
        person=[Span(row.starts_at, row.ends_at) for row in visits],
        given=given_days(course),
        staff=treatment_staff(course.clinic, span),
        needed=1 if settings_of(course.clinic)["solo_dosing"] else 2,
    )


def today_of(course: Course, at: datetime) -> date:
    """The clinic's day."""
    return at.astimezone(zone_of(course.clinic.time_zone)).date()
