"""The first page after sign-in: the desk for staff, "one thing for today" for a person in care."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.doors import signed_in
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.messaging.models import Message, ReadMark, Thread
from apps.monitoring import curves
from apps.monitoring.views.portal import due_forms, own_record, scores_hidden
from apps.patients.models import Patient, SafetyPlan
from apps.sessions.after_dose import window_of
from apps.sessions.check_reminders import due_check
from apps.sessions.driver_links import driving_of
from apps.sessions.models import DosingSession, Visit, VisitStatus
from apps.sessions.open_times import booking_rules

COMING = [VisitStatus.PLANNED, VisitStatus.ARRIVED, VisitStatus.IN_PROGRESS]


@require_GET
@signed_in
def home(request: ClinicRequest) -> HttpResponse:
    """By role: a patient's home, the desk, the admin, or the choice of a clinic."""
    user = request.user
    if user.may(Permission.OWN_RECORD):
        return _patient_home(request)
    if user.may(Permission.SEE_DESK):
        return redirect("desk")
    return redirect("admin:index" if user.membership or user.is_superuser else "choose-clinic")


def _patient_home(request: ClinicRequest) -> HttpResponse:
    patient = own_record(request)
    due = due_forms(patient)
    visit = _next_visit(patient)
    message, unread = last_message(request, patient)
    context: dict[str, Any] = {
        "nav": "home",
        "patient": patient,
        "zone": patient.time_zone,
        "greeting": _greeting(patient),
        "due": due,
        "visit": visit,
        "after_dose": window_of(patient) if booking_rules(patient).allowed else None,
        "driving": driving_of(_last_session(patient), clock.now()),
        "check_before": due_check(patient.pk, clock.now()),
        "message": message,
        "unread_messages": unread,
        "has_plan": SafetyPlan.objects.filter(patient=patient).exists(),
        "now": clock.now(),
        **_score_card(request, patient),
    }
    seen = [row["slot"] for row in due] + [row for row in (visit, message, context.get("newest")) if row is not None]
    audit.record_seen(seen, actor_id=request.user.pk, detail="home")
    return render(request, "patients/home.html", context)


def _last_session(patient: Patient) -> DosingSession | None:
    rows = DosingSession.objects.filter(patient=patient).select_related("patient")
    return rows.order_by("-opened_at").first()


def _greeting(patient: Patient) -> str:

    hour = clock.now().astimezone(clock.zone_of(patient.time_zone)).hour
    words = {"name": patient.given_name}
    if hour < 12:
        return _("Good morning, %(name)s") % words
    return (_("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")) % words


def _next_visit(patient: Patient) -> Visit | None:
    rows = Visit.objects.filter(patient=patient, status__in=COMING, ends_at__gt=clock.now())
    return rows.select_related("clinician__user").order_by("starts_at").first()


def last_message(request: ClinicRequest, patient: Patient) -> tuple[Message | None, int]:
    """The newest message from the team, and how many the person has not read."""
    thread = Thread.objects.filter(patient=patient).first()
    if thread is None:
        return None, 0
    mark = ReadMark.objects.filter(thread=thread, user_id=request.user.pk).first()
    theirs = Message.objects.filter(thread=thread, from_patient=False).select_related("sender")
    return theirs.order_by("-seq").first(), theirs.filter(seq__gt=mark.seq if mark else 0).count()


def _score_card(request: ClinicRequest, patient: Patient) -> dict[str, Any]:
    """Nothing while scores are hidden; a promise of a curve while there is none."""
    scores = curves.scores_of(patient)
    if scores_hidden(request, patient, scores):
        return {"score_card": "hidden"}
    if scores.newest is None:
        return {"score_card": "empty"}
    return {
        "score_card": "shown",
        "newest": scores.newest,
        "band": curves.band_names().get(scores.newest.severity, ""),
        "sentence": curves.score_sentence(scores),
        "narrow": curves.draw_scores(scores, axes=False, width=318, height=142, extra_class="phone-only"),
        "wide": curves.draw_scores(scores, axes=False, width=410, height=270, extra_class="wide-only"),
    }
