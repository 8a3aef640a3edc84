"""The patient's own pages: what is due, how it goes, what they may set, a call from the clinic."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.clinic_settings import settings_during
from apps.accounts.doors import door
from apps.accounts.models import ContactPoint, User
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts.actions import request_call
from apps.alerts.models import Alert
from apps.audit import actions as audit
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.monitoring import curves
from apps.monitoring.care import call_words, cover_of, promised_words, time_words
from apps.monitoring.findings import SUICIDAL
from apps.monitoring.forms import ReachabilityForm
from apps.monitoring.later import choices_shown
from apps.monitoring.models import Anchor, Slot, SlotState
from apps.monitoring.plans import retime
from apps.monitoring.published import definition_of
from apps.monitoring.sheet import title_for
from apps.patients import actions as patients
from apps.patients.models import Patient

READS_SHOWN = 50
ROWS_SHOWN = 12
EARLIER_SHOWN = 120
SECONDS_A_QUESTION = 8


def own_record(request: ClinicRequest) -> Patient:
    """The record of the person signed in, or 404."""
    return get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic", "user"))


def due_forms(patient: Patient) -> list[dict[str, Any]]:
    """Open forms, those that close first on top: {slot, title, questions, minutes, started, until, later, remind}."""
    slots = Slot.objects.filter(patient=patient, state=SlotState.OPEN, closes_at__gt=clock.now())
    rows = slots.select_related("questionnaire").annotate(given=Count("answers")).order_by("closes_at", "id")
    return [_due(slot, patient) for slot in rows]


def _due(slot: Any, patient: Patient) -> dict[str, Any]:
    slot.patient = patient
    definition = definition_of(slot.questionnaire)
    questions = sum(item.required and item.enable_when is None for item in definition.items)
    minutes = max(1, round(questions * SECONDS_A_QUESTION / 60))
    return {
        "slot": slot,
        "title": title_for(definition),
        "questions": questions,
        "minutes": minutes,
        "started": slot.given > 0,
        "until": _until(slot),
        "later": choices_shown(slot),
        "remind": time_words(patient, slot.remind_at) if slot.remind_at and slot.remind_at > clock.now() else "",
    }


def _until(slot: Slot) -> str:
    """When it closes, as one says it: midnight, 22:00, Thu 26 Nov 08:00."""
    zone = clock.zone_of(slot.time_zone)
    end, today = slot.closes_at.astimezone(zone), clock.now().astimezone(zone).date()
    if end.time() == time(0) and end.date() - timedelta(days=1) == today:
        return _("midnight")
    shown = end.strftime("%H:%M")
    return shown if end.date() == today else f"{formats.date_format(end.date(), 'D j M')} {shown}"


def scores_hidden(request: ClinicRequest, patient: Patient, scores: curves.Scores) -> bool:
    """No score while the clinic hides them, or while an answer about suicide is not settled."""
    if not settings_during(request, patient.clinic)["show_scores_to_patients"]:
        return True
    newest = scores.newest
    return unsettled(patient) or (newest is not None and bool(newest.answers.get("q9")))


def unsettled(patient: Patient) -> bool:
    """Is there an unresolved alert about suicide?"""
    return Alert.objects.unresolved().filter(patient=patient, cause=SUICIDAL).exists()


@require_GET
@door(Permission.OWN_RECORD)
def checkin(request: ClinicRequest) -> HttpResponse:
    """What is open now, what comes, what was sent."""
    patient = own_record(request)
    due = due_forms(patient)
    audit.record_seen([row["slot"] for row in due], actor_id=request.user.pk, detail="list")
    coming = Slot.objects.filter(patient=patient, state=SlotState.SCHEDULED).select_related("questionnaire")
    sent = Slot.objects.filter(patient=patient, state=SlotState.ANSWERED).select_related("questionnaire", "response")
    context = {
        "nav": "checkin",
        "due": due,
        "coming": [(slot, title_for(definition_of(slot.questionnaire))) for slot in coming.order_by("opens_at")[:3]],
        "sent": [(slot, title_for(definition_of(slot.questionnaire))) for slot in sent.order_by("-opens_at")[:7]],
        "zone": patient.time_zone,
        "since_session": _since_session(patient),
    }
    return render(request, "monitoring/checkin_list.html", context)


def _since_session(patient: Patient) -> str:
    """ "You have checked in 5 times since your last session." No streak, no praise."""
    last = Anchor.objects.known().filter(patient=patient, kind="dose").order_by("-started_at").first()
    if last is None:
        return ""
    count = Slot.objects.filter(patient=patient, state=SlotState.ANSWERED, opens_at__gte=last.started_at).count()
    words = ngettext(
        "You have checked in %(count)s time since your last session. That helps us plan the next one.",
        "You have checked in %(count)s times since your last session. That helps us plan the next one.",
        count,
    )
    return words % {"count": count} if count else ""


@require_GET
@door(Permission.OWN_RECORD)
def progress(request: ClinicRequest) -> HttpResponse:
    """Scores over time and moods after each session: as charts, as tables, and in a sentence."""
    patient = own_record(request)
    scores = curves.scores_of(patient)
    hidden = scores_hidden(request, patient, scores)
    audit.record_seen(
        [patient, *([] if hidden else scores.responses[-ROWS_SHOWN:])], actor_id=request.user.pk, detail="progress"
    )
    show = bool(scores.responses) and not hidden
    rows = curves.score_table(scores) if show else []
    moods = curves.moods_after_doses(patient, scores.doses)
    context = {
        "nav": "home",
        "zone": patient.time_zone,
        "hidden": hidden,
        "scores": scores,
        "band": curves.band_names().get(scores.newest.severity, "") if scores.newest else "",
        "sentence": curves.score_sentence(scores),
        "change": curves.change_words(scores) if show else "",
        "narrow": show and curves.draw_scores(scores, axes=True, width=340, height=260, extra_class="phone-only"),
        "wide": show and curves.draw_scores(scores, axes=True, width=620, height=400, extra_class="wide-only"),
        "rows": rows[:ROWS_SHOWN],
        "earlier": rows[ROWS_SHOWN:EARLIER_SHOWN],
        "moods": moods and curves.draw_moods(moods, width=620, height=420),
        "moods_narrow": moods and curves.draw_moods(moods, width=340, height=320),
    }
    return render(request, "monitoring/progress_show.html", context)


@require_http_methods(["GET", "POST"])
@door(Permission.OWN_RECORD)
def more(request: ClinicRequest) -> HttpResponse:
    """Reachability, and who opened the record. Post: what=times, reminders, links or channel."""
    patient = own_record(request)
    form = ReachabilityForm(request.POST if request.POST.get("what") == "times" else None, initial=vars(patient))
    if request.method == "POST" and _change(request, patient, form):
        messages.success(request, _("Saved."))
        return redirect("more")
    points = ContactPoint.objects.filter(user_id=patient.user_id).exclude(channel="voice")
    context = {
        "nav": "more",
        "patient": patient,
        "form": form,
        "points": points,
        "reads": _reads(patient),
        "zone": patient.time_zone,
    }
    return render(request, "monitoring/more_show.html", context, status=422 if form.errors else 200)


def _change(request: ClinicRequest, patient: Patient, form: ReachabilityForm) -> bool:
    what, on, actor = request.POST.get("what"), request.POST.get("on") == "yes", request.user
    if what == "times":
        if not form.is_valid():
            return False
        patients.set_reachability(patient=patient, actor=actor, **form.cleaned_data)
        retime(patient)
    elif what == "reminders":
        patients.set_reachability(patient=patient, actor=actor, reminders_off=not on)
    elif what == "links":
        patients.set_reachability(patient=patient, actor=actor, links_off=not on)
    else:
        points = ContactPoint.objects.visible_to(actor)
        point = get_object_or_404(points, pk=_uuid(request.POST.get("point")))
        patients.set_channel(point=point, wanted=on, patient=patient, actor=actor)
    return True


def _uuid(text: str | None) -> Any:
    """A uuid's text, or one that no row has."""
    try:
        return UUID(text or "")
    except ValueError:
        return UUID(int=0)


def _reads(patient: Patient) -> list[tuple[AuditEvent, str]]:
    """Who opened the record, newest first, with names; without the person's own visits."""
    events = AuditEvent.objects.filter(patient_id=patient.pk, action="read").exclude(actor_id=patient.user_id)
    rows = list(events.exclude(actor_id=None).order_by("-created_at")[:READS_SHOWN])
    names = dict(User.objects.filter(pk__in={row.actor_id for row in rows}).values_list("pk", "name"))
    return [(row, names.get(row.actor_id, _("Your clinic"))) for row in rows if row.actor_id]


@require_http_methods(["GET", "POST"])
@door(Permission.OWN_RECORD)
def call_me(request: ClinicRequest) -> HttpResponse:
    """Ask for a call from any page. not_safe=yes makes it the most urgent kind."""
    patient = own_record(request)
    if request.method == "POST":
        positive = request.POST.get("not_safe") == "yes" or unsettled(patient)
        alert = request_call(patient=patient, after_positive=positive, synthetic=patient.synthetic)
        messages.success(request, promised_words(patient, alert.call_promised_by))
        return redirect("call-me")
    context = {
        "nav": "",
        "words": call_words(patient, after_positive=False),
        "cover": cover_of(patient.clinic),
        "back_url": "/",
    }
    return render(request, "monitoring/call_ask.html", context)
