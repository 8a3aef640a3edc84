"""A person's forms, for the desk: give one, change it, pause it, end it; the phase of the course; a look ahead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
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
from apps.core import clock
from apps.monitoring import actions
from apps.monitoring.actions.assignments import UNPLANNED, with_settings
from apps.monitoring.actions.phases import Switch, phase_of, rhythm_settings
from apps.monitoring.forms import AssignForm, PauseForm, PhaseForm, RhythmForm
from apps.monitoring.instruments import LIBRARY
from apps.monitoring.models import Assignment, Slot
from apps.monitoring.planning import AFTER_DOSE, Rhythm
from apps.monitoring.plans import local_today, rhythm_of
from apps.monitoring.preview import Planned, four_weeks, running
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient

SLOTS_SHOWN = 20


def _patient(request: ClinicRequest, pk: UUID) -> Patient:
    found: Patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic"), pk=pk)
    return found


@require_http_methods(["GET", "POST"])
@door(Permission.MANAGE_SCHEDULES)
def patient_forms(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The forms of one person; post gives a new one."""
    patient = _patient(request, pk)
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
    slots = Slot.objects.visible_to(request.user).filter(patient=patient)
    assignments = list(rows.select_related("questionnaire", "assigned_by__user").order_by("status", "created_at"))
    left_out = slots.filter(left_out__in=["budget", "merged"]).select_related("questionnaire").order_by("opens_at")
    audit.record_seen([patient, *assignments], actor_id=request.user.pk, detail="forms")
    context = {
        "nav": "patients",
        "patient": patient,
        "form": form,
        "pause_form": PauseForm(),
        "phase": phase_of(patient),
        "phase_form": PhaseForm(auto_id="phase_%s"),
        "assignments": assignments,
        "left_out": left_out.filter(opens_at__gte=clock.now())[:SLOTS_SHOWN],
        "slots": slots.exclude(state="scheduled")
        .exclude(left_out="plan")
        .select_related("questionnaire")
        .order_by("-opens_at")[:SLOTS_SHOWN],
    }
    return render(request, "monitoring/assignment_list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@door(Permission.MANAGE_SCHEDULES)
def forms_preview(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The next four weeks as they would be; nothing is written. Post: with a proposed form, or in another phase."""
    patient = _patient(request, pk)
    audit.record_seen([patient], actor_id=request.user.pk, detail="forms-preview")
    context: dict[str, Any] = {"nav": "patients", "patient": patient, "zone": patient.time_zone}
    schedules = running(patient)
    try:
        if "phase" in request.POST:
            schedules, switch = _in_phase(patient, request.POST["phase"], schedules)
            context |= {
                "switch": switch,
                "starts": [LIBRARY[line.key].title for line in switch.starts],
                "left_alone": [(LIBRARY[key].title, why) for key, why in switch.left_alone],
            }
        elif request.method == "POST":
            schedules = [*schedules, _proposed(request, patient)]
    except SurveyRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("patient-forms", pk)
    context["weeks"] = four_weeks(patient, schedules)
    return render(request, "monitoring/schedule_preview.html", context)


def _proposed(request: ClinicRequest, patient: Patient) -> Planned:
    form = AssignForm(request.POST, clinic=patient.clinic)
    if not form.is_valid():
        raise SurveyRefused("wrong-rhythm", _("Choose a form and how often it comes, then look ahead."))
    found = form.settings()
    questionnaire = found.pop("questionnaire")
    found["offsets"] = tuple(found["offsets"]) or AFTER_DOSE
    if found["rhythm"] == "weekly" and found["weekday"] is None:
        raise SurveyRefused("wrong-rhythm", _("Choose the day of the week."))
    return Planned(questionnaire, Rhythm(starts_on=local_today(patient), **found))


def _in_phase(patient: Patient, phase: str, schedules: list[Planned]) -> tuple[list[Planned], Switch]:
    """The schedules as they would be after the switch, and what the switch would do."""
    switch = actions.plan_switch(patient, phase)
    gone = {row.pk for row in switch.ends} | {row.pk for row, _line in switch.changes}
    kept = [one for one in schedules if one.assignment is None or one.assignment.pk not in gone]
    for row, line in switch.changes:
        changed = with_settings(row, rhythm_settings(line, patient))
        kept.append(Planned(changed.questionnaire, rhythm_of(changed), changed))
    for line in switch.starts:
        settings = dict(rhythm_settings(line, patient))
        settings["offsets"] = tuple(settings["offsets"])
        rhythm = Rhythm(starts_on=local_today(patient), **settings)
        kept.append(Planned(actions.newest(line.key, patient.clinic), rhythm))
    return kept, switch


@require_POST
@door(Permission.MANAGE_SCHEDULES)
def phase_switch(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """End the forms of the phase before, and start those of this one."""
    patient = _patient(request, pk)
    try:
        found = actions.switch_phase(patient=patient, phase=request.POST.get("phase", ""), actor=request.user)
    except SurveyRefused as refusal:
        messages.error(request, refusal.message)
    else:
        counts = {"started": len(found.starts), "changed": len(found.changes), "ended": len(found.ends)}
        messages.success(request, _("%(started)s forms begin, %(changed)s go on, %(ended)s end.") % counts)
    return redirect("patient-forms", pk)


@require_http_methods(["GET", "POST"])
@door(Permission.MANAGE_SCHEDULES)
def edit(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Another rhythm or hour for a form that runs; nothing is sent again."""
    rows = Assignment.objects.visible_to(request.user).exclude(rhythm__in=UNPLANNED)
    row = get_object_or_404(rows.select_related("questionnaire", "patient"), pk=pk)
    now = {name: getattr(row, name) for name in ("rhythm", "weekday", "every", "offsets", "opens_time", "open_hours")}
    form = RhythmForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_schedule(assignment=row, actor=request.user, **form.settings())
        except SurveyRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Changed from the next form on. Nothing is sent again."))
            return redirect("patient-forms", row.patient_id)
    context = {"nav": "patients", "patient": row.patient, "row": row, "form": form}
    return render(request, "monitoring/schedule_edit.html", context, status=422 if form.errors else 200)


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
