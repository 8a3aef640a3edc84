"""Own early signs: the person names them and answers the short check; staff see them and agree the plan."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import door, refuse
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.patients.models import Patient
from apps.therapy import signs as verbs
from apps.therapy.actions import TherapyRefused
from apps.therapy.forms import SignsForm
from apps.therapy.models import EarlySigns, SignCheck


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def own(request: ClinicRequest) -> HttpResponse:
    """The check of one's own signs; after a match the plan."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).filter(status="active"))
    refused = ""
    if request.method == "POST":
        places = [
            int(text) for text in request.POST.getlist("sign") if text.isascii() and text.isdigit() and len(text) < 9
        ]
        try:
            row = verbs.check_signs(patient=patient, present=places, actor=request.user, version=_version(request))
        except TherapyRefused as refusal:
            refused = refusal.message
        else:
            return redirect("my-signs-plan" if row.matched else "my-signs")
    return _show(request, patient, refused)


def _version(request: ClinicRequest) -> int | None:
    """Of the signs that stood on the page."""
    said = request.POST.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else None


def _show(request: ClinicRequest, patient: Patient, refused: str = "", *, matched: bool = False) -> HttpResponse:
    found = verbs.newest(patient)
    audit.record_seen([found] if found else [], actor_id=request.user.pk, detail="own signs")
    context = {
        "nav": "more",
        "zone": patient.time_zone,
        "signs": found,
        "last": SignCheck.objects.filter(patient=patient).first(),
        "matched": matched,
        "refused": refused,
    }
    return render(request, "therapy/signs_own.html", context, status=422 if refused else 200)


@door(Permission.OWN_RECORD)
@require_http_methods(["GET"])
def plan(request: ClinicRequest) -> HttpResponse:
    """What was agreed for when the signs are there."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).filter(status="active"))
    return _show(request, patient, matched=True)


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def name(request: ClinicRequest) -> HttpResponse:
    """Name them, or change them."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).filter(status="active"))
    found = verbs.newest(patient)
    initial = {"signs": found.signs, "plan": found.plan, "enough": found.enough} if found else {"enough": 2}
    form = SignsForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            verbs.name_signs(patient=patient, actor=request.user, **form.cleaned_data)
        except TherapyRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("my-signs")
    return render(request, "therapy/signs_name.html", {"nav": "more", "form": form}, status=422 if form.errors else 200)


@door(Permission.SEE_CLINICAL)
@require_http_methods(["GET", "POST"])
def of_patient(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """At the desk: the signs, the plan, the last checks; POST: a clinician agrees the plan."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic"), pk=pk)
    found = (
        EarlySigns.objects.visible_to(request.user).filter(patient=patient).select_related("agreed_with__user").first()
    )
    if request.method == "POST":
        if not request.user.may(Permission.CLOSE_ALERTS):
            refuse(request)
        try:
            if found is not None:
                verbs.agree_signs(signs=found, version=_version(request), actor=request.user)
        except TherapyRefused as refusal:
            messages.error(request, refusal.message)
        return redirect("patient-signs", pk)
    checks = list(SignCheck.objects.visible_to(request.user).filter(patient=patient)[:20])
    audit.record_seen([patient, *([found] if found else []), *checks], actor_id=request.user.pk, detail="early signs")
    context = {
        "nav": "patients",
        "patient": patient,
        "signs": found,
        "checks": checks,
        "may_agree": request.user.may(Permission.CLOSE_ALERTS),
    }
    return render(request, "therapy/signs_desk.html", context)
