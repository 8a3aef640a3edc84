"""A person's courses at the desk: begin, stop, enrolment; screening and consent as staff see them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.clinic_settings import setting
from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.patients.models import GuestLink, LinkPurpose, Patient
from apps.sessions import actions
from apps.sessions.agreements import consent_holds, consent_in_force, consent_state
from apps.sessions.evidence import newest_screening
from apps.sessions.history import history_codes
from apps.sessions.models import Course, DosingSession, SessionWishes
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.screening import findings, unsure
from apps.sessions.treatment_forms import QUESTION_WORDS, CourseForm, ScreeningForm, StopForm
from apps.sessions.words import word


def _patient(request: ClinicRequest, pk: UUID) -> Patient:
    rows = Patient.objects.visible_to(request.user).exclude(status="entered-in-error")
    return get_object_or_404(rows.select_related("clinic", "user"), pk=pk)


@door(Permission.SEE_CLINICAL)
@require_GET
def treatment(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Courses, sessions, consent, screening and wishes of one person."""
    patient = _patient(request, pk)
    return _page(request, patient, CourseForm(clinic=patient.clinic), HTTPStatus.OK)


@door(Permission.PRESCRIBE)
@require_POST
def start(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """A prescriber begins a course."""
    patient = _patient(request, pk)
    form = CourseForm(request.POST, clinic=patient.clinic)
    if form.is_valid():
        try:
            actions.start_course(patient=patient, **form.cleaned_data, actor=request.user)
        except TreatmentRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("The course begins."))
            return redirect("treatment", pk)
    return _page(request, patient, form, HTTPStatus.CONFLICT)


def _page(request: ClinicRequest, patient: Patient, form: CourseForm, status: HTTPStatus) -> HttpResponse:
    courses = list(Course.objects.visible_to(request.user).filter(patient=patient).select_related("prescriber__user"))
    sessions = DosingSession.objects.visible_to(request.user).filter(patient=patient).select_related("course")
    screened = newest_screening(patient)
    held = consent_in_force(patient)
    shown = list(sessions.prefetch_related("doses")[:50])
    context: dict[str, Any] = {
        "nav": "patients",
        "patient": patient,
        "courses": courses,
        "sessions": shown,
        "form": form,
        "reason_form": StopForm(),
        "may_prescribe": request.user.may(Permission.PRESCRIBE),
        "going_on": any(course.status in ("active", "on-hold") for course in courses),
        "consent": held,
        "consent_holds": held is not None and consent_holds(held),
        "consent_state": consent_state(patient),
        "consent_words": word(f"consent_{consent_state(patient)}"),
        "screened": screened,
        "found": [word(code) for code in sorted(findings(screened.answers))] if screened else [],
        "history_found": [word(code) for code in history_codes(patient)],
        "unsure": [QUESTION_WORDS[key] for key in unsure(screened.answers)] if screened else [],
        "peers": _peers(patient),
        "wishes": SessionWishes.objects.filter(patient=patient).order_by("-created_at", "-id").first(),
    }
    audit.record_seen([patient, *courses, *shown], actor_id=request.user.pk, detail="treatment")
    return render(request, "sessions/treatment_show.html", context, status=status)


def _peers(patient: Patient) -> list[GuestLink]:
    """Adults who said yes to being there at home; none where the clinic holds no such sessions."""
    if not setting(patient.clinic, "home_sessions"):
        return []
    links = GuestLink.objects.filter(patient=patient, purpose=LinkPurpose.PEER)
    return [link for link in links if link.stands]


@door(Permission.PRESCRIBE)
@require_POST
def end_course(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Complete, stop or hold a course, or let it go on."""
    course = get_object_or_404(Course.objects.visible_to(request.user), pk=pk)
    form = StopForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {"reason": "", "why": ""}
    wanted = request.POST.get("status", "")
    status = wanted if wanted in ("active", "on-hold", "completed", "revoked") else "completed"
    try:
        actions.end_course(
            course=course, status=status, reason=given["reason"], why=given["why"] or "other", actor=request.user
        )
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("treatment", course.patient_id)


@door(Permission.WRITE_OBSERVATIONS)
@require_http_methods(["GET", "POST"])
def screen(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Staff go through the questions with the person; it is a new row, the old one stays."""
    patient = _patient(request, pk)
    last = newest_screening(patient)
    initial = {**last.answers, "medicines": last.medicines, "notes": last.notes} if last else {}
    form = ScreeningForm(request.POST if request.method == "POST" else None, by_staff=True, initial=initial)
    if form.is_bound and form.is_valid():
        actions.answer_screening(patient=patient, actor=request.user, **form.told())
        messages.success(request, _("Screening kept."))
        return redirect("treatment", pk)
    if last is not None:
        audit.record_seen([last], actor_id=request.user.pk, detail="screening")
    context = {"nav": "patients", "patient": patient, "form": form}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "sessions/screening_form.html", context, status=status)
