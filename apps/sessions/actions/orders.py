"""A form ordered beside the call: it opens for the person now, once."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.core import clock
from apps.monitoring.actions import assign
from apps.monitoring.models import Assignment, Questionnaire
from apps.sessions.models import Visit, VisitEventKind
from apps.sessions.record import for_its_clinician, keep, locked

OPEN_HOURS = 16


@transaction.atomic
def order_form(*, visit: Visit, questionnaire: Questionnaire, actor: User) -> Assignment:
    """Give the visit's patient that form, once, from now on. Raises VisitRefused: not-yours; SurveyRefused."""
    visit = locked(visit, actor, Permission.HOLD_VISITS)
    for_its_clinician(visit, actor)
    here: datetime = clock.now().astimezone(clock.zone_of(visit.patient.time_zone))
    row = assign(
        patient=visit.patient,
        questionnaire=questionnaire,
        rhythm="once",
        opens_time=here.time().replace(second=0, microsecond=0),
        open_hours=OPEN_HOURS,
        actor=actor,
    )
    keep(visit, VisitEventKind.FORM_ORDERED, actor, questionnaire.title)
    return row
