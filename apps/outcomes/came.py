"""What came after a forecast: the answers and sessions of the days that it was about."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.accounts.models import Clinic
from apps.monitoring.models import Anchor, QuestionnaireResponse
from apps.outcomes.models import Forecast
from apps.outcomes.people import INSTRUMENT

PLAN_SLACK: Final = 1  # days that a session may lie beside its plan

Answers = dict[UUID, dict[date, QuestionnaireResponse]]


def answers_since(people: Iterable[UUID], zone: ZoneInfo, since: date, clinic: Clinic) -> Answers:
    """By person and day, the later one of a day. Needs the clinic in scope."""
    begin = datetime.combine(since, datetime.min.time(), tzinfo=zone)
    rows = QuestionnaireResponse.objects.filter(
        clinic=clinic, patient_id__in=set(people), questionnaire__key=INSTRUMENT, status="completed", valid=True
    ).filter(authored_at__gte=begin, total__isnull=False)
    found: Answers = {}
    for row in rows.order_by("authored_at"):
        found.setdefault(row.patient_id, {})[row.authored_at.astimezone(zone).date()] = row
    return found


def doses_of(people: Iterable[UUID]) -> dict[UUID, list[datetime]]:
    """Moments of their sessions. Needs the clinic in scope."""
    rows = Anchor.objects.filter(patient_id__in=set(people), status="completed")
    found: dict[UUID, list[datetime]] = {}
    for person, at in rows.values_list("patient_id", "started_at"):
        found.setdefault(person, []).append(at)
    return found


def days_of_sessions(forecast: Forecast, moments: Iterable[datetime], zone: ZoneInfo) -> list[date]:
    """Of those given since the forecast, in order."""
    return sorted(at.astimezone(zone).date() for at in moments if forecast.made_at < at)


def as_planned(forecast: Forecast, until: date, moments: Iterable[datetime], zone: ZoneInfo) -> bool:
    """The sessions between the forecast and this day are those of its plan, each within PLAN_SLACK days."""
    given = [day for day in days_of_sessions(forecast, moments, zone) if day < until]
    planned = [day for day in (forecast.made_on + timedelta(days=day) for day in forecast.plan) if day < until]
    pairs = zip(given, planned, strict=False)
    return len(given) == len(planned) and all(abs((one - other).days) <= PLAN_SLACK for one, other in pairs)
