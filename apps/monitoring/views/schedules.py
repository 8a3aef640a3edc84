"""A person's forms, for the desk: give one, pause it, end it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.monitoring import actions
from apps.monitoring.actions.assignments import UNPLANNED
from apps.monitoring.forms import AssignForm, PauseForm
from apps.monitoring.models import Assignment, Slot
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient

SLOTS_SHOWN = 20


@require_http_methods(["GET", "POST"])
@door(Permission.MANAGE_SCHEDULES)
def patient_forms(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The forms of one person; post gives a new one."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic"), pk=pk)
    form = AssignForm(request.POST if request.method == "POST" else None, clinic=patient.clinic)
    if request.method == "POST" and form.is_valid():
        try:
            actions.assign(patient=patient, actor=request.user, **form.settings())
        except SurveyRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("The form is planned."))
            return redirect("patient-forms", pk)
    rows = Assignment.objects.visible_to(request.user).known().filter(patient=patient).exclude(rhythm__in=UNPLANNED)
    slots = Slot.objects.visible_to(request.user).filter(patient=patient).exclude(state="scheduled")
    assignments = list(rows.select_related("questionnaire", "assigned_by__user").order_by("status", "created_at"))
    audit.record_seen([patient, *assignments], actor_id=request.user.pk, detail="forms")
    context = {
        "nav": "patients",
        "patient": patient,
        "form": form,
        "pause_form": PauseForm(),
        "assignments": assignments,
        "slots": slots.select_related("questionnaire").order_by("-opens_at")[:SLOTS_SHOWN],
    }
    return render(request, "monitoring/assignment_list.html", context, status=422 if form.errors else 200)


@require_POST
@door(Permission.MANAGE_SCHEDULES)
def change(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """do=pause (until) or do=end."""
    row = get_object_or_404(Assignment.objects.visible_to(request.user), pk=pk)
    try:
        if request.POST.get("do") == "pause":
            actions.pause(assignment=row, until=_until(request), actor=request.user)
        else:
            actions.end(assignment=row, actor=request.user)
    except SurveyRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Saved."))
    return redirect("patient-forms", row.patient_id)


def _until(request: ClinicRequest) -> date:
    form = PauseForm(request.POST)
    if not form.is_valid():
        raise SurveyRefused("wrong-day", _("Choose the day on which the forms begin again."))
    until: date = form.cleaned_data["until"]
    return min(until, date.max - timedelta(days=1))
