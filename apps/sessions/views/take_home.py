"""Medicine at home: the person counts it; the desk hands it out and sees the counts."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import door, refuse
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.patients.models import Patient
from apps.sessions.actions.take_home import HandedOut, count_take_home, hand_out, supplies_of
from apps.sessions.exposure import day_of
from apps.sessions.models import TakeHomeCount, TakeHomeSupply
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.take_home import expected
from apps.sessions.views.session_day import patient_of
from apps.sessions.words import word


class CountForm(forms.Form):
    """What is left."""

    units = forms.IntegerField(label=_("How many are left?"), min_value=0, max_value=1000)
    lost = forms.IntegerField(label=_("Were some lost? How many?"), min_value=0, max_value=1000, initial=0)
    note = forms.CharField(label=_("Anything to say about it"), max_length=300, required=False)


class SupplyForm(forms.ModelForm):
    """What was handed out."""

    class Meta:
        model = TakeHomeSupply
        fields = ("description", "unit_mg", "units", "days", "supplied_on", "registry_checked_on")
        widgets = {
            "supplied_on": forms.DateInput(attrs={"type": "date"}),
            "registry_checked_on": forms.DateInput(attrs={"type": "date"}),
        }


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def own(request: ClinicRequest) -> HttpResponse:
    """Count what is left."""
    patient = patient_of(request)
    form = CountForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            count_take_home(patient=patient, actor=request.user, **form.cleaned_data)
        except TreatmentRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Thank you for counting."))
            return redirect("take-home")
    supply = TakeHomeSupply.objects.visible_to(request.user).first()
    last = TakeHomeCount.objects.visible_to(request.user).first()
    audit.record_seen([row for row in (supply, last) if row], actor_id=request.user.pk, detail="take home")
    context = {"nav": "more", "zone": patient.time_zone, "supply": supply, "last": last, "form": form}
    return render(request, "sessions/take_home_own.html", context, status=422 if form.errors else 200)


@door(Permission.SEE_CLINICAL)
@require_http_methods(["GET", "POST"])
def of_patient(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Supplies and counts; POST: a prescriber hands out."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic"), pk=pk)
    may_hand_out = request.user.may(Permission.PRESCRIBE)
    if request.method == "POST" and not may_hand_out:
        refuse(request)
    form = SupplyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            hand_out(patient=patient, handed=HandedOut(**form.cleaned_data), actor=request.user)
        except TreatmentRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("patient-take-home", pk)
    supplies = list(TakeHomeSupply.objects.visible_to(request.user).filter(patient=patient)[:20])
    counts = list(TakeHomeCount.objects.visible_to(request.user).filter(patient=patient)[:40])
    audit.record_seen([patient, *supplies, *counts], actor_id=request.user.pk, detail="take home")
    planned = supplies_of(patient)
    context = {
        "nav": "patients",
        "patient": patient,
        "supplies": supplies,
        "counts": [(row, [word(f"take_home_{code}") for code in row.to_talk_about]) for row in counts],
        "expected": expected(planned[-1], day_of(patient.clinic, clock.now())) if planned else None,
        "form": form,
        "may_hand_out": may_hand_out,
    }
    return render(request, "sessions/take_home_desk.html", context, status=422 if form.errors else 200)
