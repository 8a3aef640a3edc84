"""What both sides of a call look at: the same curve, or the same scale with the answers as they stand."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring.published import definition_of
from apps.monitoring.sheet import is_positive, make_sheet
from apps.sessions.models import Visit, VisitStatus
from apps.sessions.record import is_patient
from apps.sessions.topics import visit_of
from telek.curves import whole_curve
from telek.patient_facts import PatientFacts


@door(Permission.OWN_RECORD, Permission.HOLD_VISITS)
@require_GET
def shown(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """A fragment, for the two sides alone and only while the call goes on; empty when nothing is shown."""
    visit = visit_of(request.user, str(pk))
    if visit is None:
        raise Http404
    what = visit.shown if visit.status == VisitStatus.IN_PROGRESS else ""
    context = {"visit": visit, "what": what, "by_patient": is_patient(request.user)}
    if what == "curve":
        context |= _curve(request, visit)
    elif what == "scale":
        context |= _scale(visit)
    if what:
        audit.record_seen([visit], actor_id=request.user.pk, detail=f"shown {what}")
    return render(request, "sessions/_shown.html", context)


def _curve(request: ClinicRequest, visit: Visit) -> dict[str, Any]:
    facts = PatientFacts(visit.patient, request.user, clock.now())
    return {"curve": whole_curve(facts.points, facts.doses, facts.at, facts.zone)}


def _scale(visit: Visit) -> dict[str, Any]:
    slot = visit.shown_slot
    if slot is None:
        return {}
    definition = definition_of(slot.questionnaire)
    sheet = make_sheet(slot, definition)
    answered = sum(1 for question in sheet.questions if question.value != "")
    return {"sheet": sheet, "positive": is_positive(slot, definition), "answered": answered}
