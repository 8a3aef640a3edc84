"""How much somebody has had over all routes, which checks that makes due, and their results."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.doors import door, refuse
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring.actions.library import worded
from apps.monitoring.models import QuestionnaireResponse
from apps.patients.models import Patient
from apps.sessions import actions
from apps.sessions.exposure import BLADDER_QUESTIONS, bladder_indices, day_of, limits_of, standing_of
from apps.sessions.lab_forms import LabForm
from apps.sessions.models import CognitionResult, LabResult, SafetyCheck
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.words import word

KINDS = dict(SafetyCheck._meta.get_field("kind").flatchoices)


@door(Permission.SEE_CLINICAL)
@require_http_methods(["GET", "POST"])
def exposure(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The page; POST keeps a result (clinicians)."""
    rows = Patient.objects.visible_to(request.user).exclude(status="entered-in-error").select_related("clinic")
    patient = get_object_or_404(rows, pk=pk)
    may_write = request.user.may(Permission.WRITE_OBSERVATIONS)
    if request.method == "POST" and not may_write:
        refuse(request)
    form = LabForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.record_lab(patient=patient, lab=form.lab(), actor=request.user)
        except TreatmentRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Result kept."))
            return redirect("exposure", pk)
    context = _context(patient) | {"form": form, "may_write": may_write, "nav": "patients"}
    audit.record_seen([patient, *context["results"], *context["tasks"]], actor_id=request.user.pk, detail="exposure")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "sessions/exposure_show.html", context, status=status)


def _context(patient: Patient) -> dict[str, Any]:
    at = clock.now()
    standing, today = standing_of(patient, at), day_of(patient.clinic, at)
    rows = QuestionnaireResponse.objects.filter(
        patient=patient, questionnaire__key=BLADDER_QUESTIONS, status="completed"
    )
    asked = rows.order_by("-authored_at").first()
    return {
        "patient": patient,
        "sums": standing.exposure,
        "limits": limits_of(patient.clinic),
        "due": [(due, KINDS[due.kind], _state(due, today)) for due in standing.due],
        "against": [word(code) for code in sorted(standing.against)],
        "bladder": asked,
        "indices": bladder_indices(asked.answers) if asked else {},
        "bladder_worded": worded(BLADDER_QUESTIONS, patient.clinic) is not None,
        "tasks": list(CognitionResult.objects.filter(patient=patient)[:12]),
        "results": list(LabResult.objects.filter(patient=patient).select_related("author__user")[:60]),
        "today": today,
    }


def _state(due: Any, today: Any) -> str:
    return "overdue" if due.is_overdue(today) else "due" if due.is_due(today) else "later"


@door(Permission.WRITE_OBSERVATIONS)
@require_POST
def take_back(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The result was another person's, or mistyped."""
    result = get_object_or_404(LabResult.objects.visible_to(request.user), pk=pk)
    try:
        actions.void_lab(result=result, reason=request.POST.get("reason", ""), actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("exposure", result.patient_id)
