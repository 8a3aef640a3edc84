"""Readings on pages: what was measured last and how old it is, typed in, from a device, with a person's limits."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.clinic_settings import settings_during
from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring import actions
from apps.monitoring.models import Device, PatientLimits
from apps.monitoring.observations.limits import NAMES, PREFIX
from apps.monitoring.observations.newest import CURVES, Newest, draw_weeks, lately, newest_values, weeks_of
from apps.monitoring.reading_forms import DeviceForm, LimitsForm, ReadingForm, StaffReadingForm
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.views.portal import own_record
from apps.patients.models import Patient

ROWS_SHOWN = 40
WEEKS_SHOWN = 13
YEARS = timedelta(days=5 * 366)


@require_http_methods(["GET", "POST"])
@door(Permission.OWN_RECORD)
def readings(request: ClinicRequest) -> HttpResponse:
    """The person's own readings; post stores what they typed or their device filled in."""
    patient = own_record(request)
    form = ReadingForm(request.POST if request.method == "POST" else None, zone=patient.time_zone)
    if request.method == "POST" and form.is_valid():
        _store(request, patient, form, "patient")
        return redirect("readings")
    found = newest_values(patient)
    audit.record_seen([patient], actor_id=request.user.pk, detail="readings")
    context = {"nav": "more", "form": form, "newest": found, "zone": patient.time_zone, "back_url": "/more/"}
    return render(request, "monitoring/reading_list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@door(Permission.SEE_CLINICAL)
def patient_readings(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One person's readings for the desk. Post (do): record, device, limits."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic"), pk=pk)
    forms = _forms(request, patient)
    fresh = ""
    if request.method == "POST":
        if not request.user.may(Permission.WRITE_OBSERVATIONS):
            return redirect("patient-readings", pk)
        fresh = _change(request, patient, forms)
        if not fresh and not any(form.errors for form in forms.values()):
            return redirect("patient-readings", pk)
    newest = newest_values(patient)
    code = _code(request, newest)
    weeks = weeks_of(patient, code, clock.now() - YEARS) if code else []
    audit.record_seen([patient], actor_id=request.user.pk, detail="readings")
    failed = any(form.errors for form in forms.values())
    context = {
        "nav": "patients",
        "patient": patient,
        **{f"{name}_form": form for name, form in forms.items()},
        "fresh_token": fresh,
        "newest": newest,
        "curves": [(one.row.code, one.name) for one in newest if one.row.code in CURVES],
        "code": code,
        "curve": draw_weeks(weeks, code, (620, 240)) if code else None,
        "weeks": list(reversed(weeks))[:WEEKS_SHOWN],
        "rows": lately(patient, newest, ROWS_SHOWN),
        "devices": _devices(request, patient),
        "limits": PatientLimits.objects.visible_to(request.user).filter(patient=patient).order_by("-created_at")[:5],
        "may_write": request.user.may(Permission.WRITE_OBSERVATIONS),
    }
    return render(request, "monitoring/reading_record.html", context, status=422 if failed else 200)


@require_POST
@door(Permission.WRITE_OBSERVATIONS)
def device_end(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The device's token ends."""
    device = get_object_or_404(Device.objects.visible_to(request.user), pk=pk)
    actions.revoke_device(device=device, actor=request.user)
    wear = device.wears.order_by("-from_at").first()
    messages.success(request, _("The device can send nothing any more."))
    return redirect("patient-readings", wear.patient_id) if wear else redirect("patients")


def _code(request: ClinicRequest, newest: list[Newest]) -> str:
    """What the curve shows: what was asked for, else the first that there is."""
    known = [one.row.code for one in newest if one.row.code in CURVES]
    asked = request.GET.get("code", "")
    return asked if asked in known else next(iter(known), "")


def _forms(request: ClinicRequest, patient: Patient) -> dict[str, ReadingForm | DeviceForm | LimitsForm]:
    do = request.POST.get("do") if request.method == "POST" else ""
    settings = settings_during(request, patient.clinic)
    words = {name: f"{name.replace('_', ' ')} ({settings[PREFIX + name]})" for name in NAMES}
    return {
        "record": StaffReadingForm(request.POST if do == "record" else None, zone=patient.clinic.time_zone),
        "device": DeviceForm(request.POST if do == "device" else None),
        "limits": LimitsForm(request.POST if do == "limits" else None, words=words),
    }


def _change(request: ClinicRequest, patient: Patient, forms: dict[str, ReadingForm | DeviceForm | LimitsForm]) -> str:
    """Do what was asked; the token of a new device, else ""."""
    form = forms.get(request.POST.get("do", ""))
    if form is None or not form.is_valid():
        return ""
    try:
        if isinstance(form, DeviceForm):
            return actions.add_device(patient=patient, actor=request.user, **form.cleaned_data)[1]
        if isinstance(form, LimitsForm):
            words = {"phase": form.cleaned_data["phase"], "reason": form.cleaned_data["reason"]}
            actions.set_limits(patient=patient, limits=form.limits(), actor=request.user, **words)
            messages.success(request, _("Saved."))
        else:
            _store(request, patient, form, "staff")
    except SurveyRefused as refusal:
        form.add_error(None, refusal.message)
    return ""


def _store(request: ClinicRequest, patient: Patient, form: ReadingForm, who: str) -> None:
    """source: who typed it, or the device that filled the form in."""
    device = form.cleaned_data.get("device", "").strip()
    source = f"{who}, {device}"[:60] if device else who
    done = actions.record_observations(patient=patient, readings=form.readings, source=source, actor=request.user)
    if done.refused:
        messages.error(request, _("There is another value of that time already. Nothing was overwritten."))
    else:
        messages.success(request, _("Saved."))


def _devices(request: ClinicRequest, patient: Patient) -> list[Device]:
    rows = Device.objects.visible_to(request.user).filter(revoked_at__isnull=True)
    return list(rows.filter(wears__patient=patient, wears__until_at__isnull=True).order_by("label"))
