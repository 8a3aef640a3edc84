"""Who needs a new forecast, and which old ones can be graded: one clinic at a time, at its due time.

A person needs one once a day, and again when a score or dose has come since. Runs as telek_pump.
"""

import logging
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import Error, transaction
from django.db.models import Max, Min

from apps.accounts.models import Clinic
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring.models import Anchor, Observation, QuestionnaireResponse
from apps.monitoring.moods import MOOD
from apps.outcomes.actions import grade_points, store_forecast
from apps.outcomes.chance_grades import grade_chances
from apps.outcomes.expecting import compare_with_expected
from apps.outcomes.holding import note_standing
from apps.outcomes.models import Forecast, ForecastClock
from apps.outcomes.people import INSTRUMENT, course_of
from apps.outcomes.planned import plan_of
from apps.patients.models import Patient

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=5)
AT_ONCE: Final = 5  # people: some 15 ms of CPU each, and the pump has alerts to see to
MARGIN: Final = timedelta(seconds=10)  # a score written before the forecast may have been committed after it
POISON_DELAY: Final = timedelta(hours=1)


def forecasts_due(limit: int = 50) -> int:
    """Look through the clinics that are due; how many forecasts and grades were made. At most AT_ONCE people each."""
    now, made = clock.now(), 0
    known = set(ForecastClock.objects.values_list("clinic_id", flat=True))
    for clinic in Clinic.objects.exclude(pk__in=known):
        with use_clinic(clinic.pk), transaction.atomic():
            ForecastClock.objects.get_or_create(clinic=clinic, defaults={"next_at": now})
    with transaction.atomic():
        due = ForecastClock.objects.filter(next_at__lte=now).select_related("clinic").order_by("next_at")
        for timer in due.select_for_update(skip_locked=True, of=("self",))[: min(limit, 2)]:
            made += look_through(timer, now, AT_ONCE)
    return made


def look_through(timer: ForecastClock, now: datetime, limit: int) -> int:
    """One clinic: grade what can be graded, forecast for at most so many people, set its next time."""
    with use_clinic(timer.clinic_id):
        try:
            with transaction.atomic():
                today = now.astimezone(clock.zone_of(timer.clinic.time_zone)).date()
                graded = grade_points(clinic=timer.clinic, today=today) + grade_chances(
                    clinic=timer.clinic, today=today
                )
                if graded:
                    note_standing(timer, now)
                waiting = _waiting(today)
                made = _some(waiting, timer.clinic, now, limit)
                pause = EVERY if made < limit else timedelta()
                ForecastClock.objects.filter(pk=timer.pk).update(next_at=now + pause)
                return graded + made
        except (Error, LookupError, TypeError, ValueError, ArithmeticError):
            logger.exception("clinic %s: its forecasts cannot be made", timer.clinic_id)
            ForecastClock.objects.filter(pk=timer.pk).update(next_at=now + POISON_DELAY)
            return 0


def _waiting(today: date) -> list[Patient]:
    """People in care with a dose and a score before it, whose newest forecast is of an earlier day or has been overtaken."""
    made = {person: (at, on) for person, at, on in _by_person(Forecast.objects, at=Max("made_at"), on=Max("made_on"))}
    doses = _by_person(Anchor.objects.filter(status="completed"), at=Max("created_at"), first=Min("started_at"))
    given = {person: (at, first) for person, at, first in doses}
    totals = QuestionnaireResponse.objects.filter(
        questionnaire__key=INSTRUMENT, patient_id__in=given, status="completed", valid=True
    )
    overtaken = [
        person
        for person, at, first in _by_person(totals, at=Max("created_at"), first=Min("authored_at"))
        if first <= given[person][1] + timedelta(days=1) and _is_old(made.get(person), max(at, given[person][0]), today)
    ]
    return list(Patient.objects.filter(pk__in=overtaken, status="active").select_related("clinic").order_by("pk"))


def _by_person(rows: Any, **of: Any) -> list[tuple[Any, ...]]:
    return list(rows.values("patient_id").annotate(**of).values_list("patient_id", *of))


def _is_old(made: tuple[datetime, date] | None, newest: datetime, today: date) -> bool:
    return made is None or made[1] != today or made[0] < newest + MARGIN


def _some(waiting: list[Patient], clinic: Clinic, now: datetime, limit: int) -> int:
    """Forecasts for the first ones for whom there can be one; how many."""
    made = 0
    for patient in waiting:
        made += _forecast(patient, clinic, now)
        if made == limit:
            break
    return made


def _forecast(patient: Patient, clinic: Clinic, now: datetime) -> bool:
    zone = clock.zone_of(clinic.time_zone)
    doses = list(Anchor.objects.filter(patient=patient, kind="dose", status="completed").order_by("started_at"))
    responses = QuestionnaireResponse.objects.filter(patient=patient, questionnaire__key=INSTRUMENT, status="completed")
    course = course_of(
        responses.defer("answers").order_by("authored_at"),
        doses,
        Observation.objects.filter(patient=patient, code=MOOD, status="final"),
        now,
        zone,
    )
    if course is None:
        return False
    compare_with_expected(patient)  # with what was said before this answer
    plan = plan_of(patient, doses, zone, now.astimezone(zone).date())
    store_forecast(patient=patient, course=replace(course, plan=plan), at=now, zone=zone)
    return True
