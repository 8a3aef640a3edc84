"""The person's side of a treatment: the session day, screening, consent, wishes, what holds after a session."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.patients.models import Patient
from apps.sessions import actions
from apps.sessions.agreements import consent_in_force, consent_state, text_in_force
from apps.sessions.driver_links import driving_of
from apps.sessions.evidence import newest_screening
from apps.sessions.models import DosingSession, SafetyCheck, SessionWishes
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment_forms import ConsentForm, ReasonForm, ScreeningForm, WishesForm


def patient_of(request: ClinicRequest) -> Patient:
    """The record of whoever is signed in."""
    patient = Patient.objects.visible_to(request.user).filter(status="active").select_related("clinic", "user").first()
    if patient is None:
        raise Http404
    return patient


@door(Permission.OWN_RECORD)
@require_GET
def session_day(request: ClinicRequest) -> HttpResponse:
    """Before, during and after a session, and what is still to do."""
    patient = patient_of(request)
    sessions = DosingSession.objects.visible_to(request.user).filter(patient=patient).select_related("patient")
    last = sessions.order_by("-opened_at").first()
    context = {
        "nav": "more",
        "patient": patient,
        "zone": patient.time_zone,
        "consent": consent_in_force(patient),
        "consent_state": consent_state(patient),
        "screened": newest_screening(patient),
        "wishes": SessionWishes.objects.filter(patient=patient).order_by("-created_at", "-id").first(),
        "reaction_due": SafetyCheck.objects.filter(
            patient=patient, kind="cognition", due_on__lte=clock.now().date()
        ).exists(),
        "driving": driving_of(last, clock.now()),
        "card": last if last is not None and last.finished_at and last.dose_started_at else None,
        "in_chair": last is not None and last.is_open,
    }
    return render(request, "sessions/day_show.html", context)


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def screening(request: ClinicRequest) -> HttpResponse:
    """The questions before treatment, in plain words."""
    patient = patient_of(request)
    last = newest_screening(patient)
    initial = {**last.answers, "medicines": last.medicines, "notes": last.notes} if last else {}
    form = ScreeningForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        actions.answer_screening(patient=patient, actor=request.user, **form.told())
        messages.success(request, _("Thank you. Your team reads it before your next session."))
        return redirect("session-day")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "sessions/day_screening.html", {"nav": "more", "form": form}, status=status)


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def consent(request: ClinicRequest) -> HttpResponse:
    """The text in force, item by item, signed by typing one's name or drawing it; what was signed before, as a copy."""
    patient = patient_of(request)
    text = text_in_force(patient.clinic)
    bound = request.POST if request.method == "POST" else None
    form = ConsentForm(bound, items=text.items, initial={"digest": text.digest})
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            signature = {"name": data["name"], "strokes": data["strokes"]}
            actions.sign_consent(
                patient=patient, digest=data["digest"], agreed=form.agreed(), actor=request.user, **signature
            )
        except TreatmentRefused as refusal:
            form = ConsentForm(items=text.items, initial={"digest": text.digest})
            messages.error(request, refusal.message)
        else:
            messages.success(request, _("Signed. Your copy is on this page."))
            return redirect("consent")
    held = consent_in_force(patient)
    if held is not None:
        audit.record_seen([held], actor_id=request.user.pk, detail="consent")
    context = {
        "nav": "more",
        "text": text,
        "form": form,
        "held": held,
        "state": consent_state(patient),
        "zone": patient.time_zone,
        "withdraw_form": ReasonForm(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "sessions/day_consent.html", context, status=status)


@door(Permission.OWN_RECORD)
@require_POST
def withdraw(request: ClinicRequest) -> HttpResponse:
    """Take the consent back; no reason is needed."""
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        actions.withdraw_consent(patient=patient_of(request), reason=reason, actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("You withdrew your consent. No dose is given from now on. Your team is told."))
    return redirect("consent")


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def wishes(request: ClinicRequest) -> HttpResponse:
    """How to be treated in the chair."""
    patient = patient_of(request)
    last = SessionWishes.objects.filter(patient=patient).order_by("-created_at", "-id").first()
    initial = {name: getattr(last, name) for name in WishesForm.base_fields} if last else {}
    form = WishesForm(request.POST if request.method == "POST" else None, initial=initial, clinic=patient.clinic)
    if form.is_bound and form.is_valid():
        actions.tell_wishes(patient=patient, wishes=form.cleaned_data, actor=request.user)
        messages.success(request, _("Kept. Your team sees it beside your chair."))
        return redirect("session-day")
    return render(request, "sessions/day_wishes.html", {"nav": "more", "form": form})
