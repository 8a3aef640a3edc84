"""The courses of one clinic, counted. Rows of simulations, demonstrations and drills stay out of a real clinic's."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.accounts.models import Clinic, User
from apps.monitoring.models import Anchor, QuestionnaireResponse
from apps.outcomes.mathematics.report import Outcomes, outcomes
from apps.outcomes.people import INSTRUMENT, course_of, treated
from apps.patients.models import Patient


def outcomes_of(clinic: Clinic, user: User, at: datetime) -> Outcomes:
    """Everybody of the clinic whom this person may see, in four queries whatever the number of people."""
    zone = ZoneInfo(clinic.time_zone)
    people = Patient.objects.visible_to(user).exclude(status="entered-in-error")
    if not clinic.synthetic:
        people = people.filter(synthetic=False)
    doses = _by_patient(_rows(Anchor, user, clinic).filter(kind="dose"))
    responses = _by_patient(_rows(QuestionnaireResponse, user, clinic).filter(questionnaire__key=INSTRUMENT))
    courses = [course_of(responses[pk], doses[pk], (), at, zone) for pk in people.values_list("pk", flat=True)]
    return outcomes([treated(course) for course in courses if course is not None])


def _rows(model: Any, user: User, clinic: Clinic) -> Any:
    rows = model.objects.visible_to(user).filter(status="completed")
    return rows if clinic.synthetic else rows.filter(synthetic=False)


def _by_patient(rows: Iterable[Any]) -> defaultdict[UUID, list[Any]]:
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.patient_id].append(row)
    return found
