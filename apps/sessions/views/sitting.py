"""One dosing session at the desk: what stands in the way, the dose, what happens, leaving; and its verbs."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.doors import View, door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.sessions import actions
from apps.sessions.actions.doses import devices_given, devices_of, judged
from apps.sessions.board import on_the_board
from apps.sessions.discharge import NO_OVERRIDE
from apps.sessions.driver_links import live_link
from apps.sessions.evidence import facts_of, gate_of, newest_screening, standing_dose
from apps.sessions.forms import faults
from apps.sessions.home_watch import AT_HOME, video_is_on, watch_of
from apps.sessions.models import DoseRoute, DosingSession, MedicationAdministration, SessionEvent, SessionWishes
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.report_forms import AdverseEventForm
from apps.sessions.tiles import earliest_leave, signs_of
from apps.sessions.treatment.facts import live_effects
from apps.sessions.treatment.screening import unsure
from apps.sessions.treatment_forms import (
    DoseForm,
    DriverForm,
    EndDoseForm,
    LeaveForm,
    MoveForm,
    PreDoseForm,
    ReasonForm,
    TapForm,
)
from apps.sessions.words import EFFECTS, LEAVING, LEVEL, MOAAS, STATUS, listed, word

WITH = ("patient__user", "course__prescriber__user", "clinic", "opened_by__user", "finished_by__user")


@door(Permission.SEE_CLINICAL)
@require_GET
def show(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Everything about the person in this chair."""
    session = _session(request, pk)
    return _page(request, session)


def _session(request: ClinicRequest, pk: UUID) -> DosingSession:
    rows = DosingSession.objects.visible_to(request.user).select_related(*WITH, "countersigned_by__user")
    return get_object_or_404(rows, pk=pk)


def _page(
    request: ClinicRequest, session: DosingSession, status: HTTPStatus = HTTPStatus.OK, **more: Any
) -> HttpResponse:
    at = clock.now()
    dose = standing_dose(session)
    if (dose is None) != (session.dose_started_at is None):  # given or voided since the row was read
        session = _session(request, session.pk)
        dose = standing_dose(session)
    events = list(session.events.select_related("actor__user").order_by("occurred_at", "id"))
    context = {
        "nav": "sessions",
        "session": session,
        "patient": session.patient,
        "dose": dose,
        "now": at,
        "signs": signs_of(session),
        "leave_at": earliest_leave(session),
        "home": (home := watch_of(session)),
        "video_on": home is not None and video_is_on(home, clock.now()),
        "look_ins": list(session.look_ins.order_by("-answered_at")[:20]),
        "wishes": SessionWishes.objects.filter(patient=session.patient).order_by("-created_at", "-id").first(),
        "others": on_the_board(request.user).exclude(pk=session.pk)[:6],
        "driver": live_link(session, at),
        "driver_form": _driver_form(session, events),
        "adverse": list(session.adverse_events.order_by("onset_at")),
        "adverse_form": AdverseEventForm() if request.user.may(Permission.WRITE_OBSERVATIONS) else None,
        **_happened(session, events),
        **_verbs(request, session, dose),
        **more,
    }
    audit.record_seen([session, session.patient], actor_id=request.user.pk, detail="dosing session")
    return render(request, "sessions/session_show.html", context, status=status)


def _happened(session: DosingSession, events: list[SessionEvent]) -> dict[str, Any]:
    """Events with what became of them: corrected ones stay, struck through."""
    replaced = {event.corrects_id for event in events if event.corrects_id}
    standing = facts_of(session)
    return {
        "events": [(event, event.pk in replaced) for event in events],
        "readings": [event for event in reversed(events) if event.kind == "vitals" and event.pk not in replaced],
        "effects": [(term, words, live_effects(standing).get(term)) for term, words in EFFECTS.items()],
        "moaas": sorted(MOAAS.items(), reverse=True),
    }


def _driver_form(session: DosingSession, events: list[SessionEvent]) -> DriverForm:
    """With the name that was noted for the way home."""
    escorts = [event.text for event in events if event.kind == "escort"]
    return DriverForm(initial={"name": escorts[-1] if escorts else ""})


def _verbs(request: ClinicRequest, session: DosingSession, dose: MedicationAdministration | None) -> dict[str, Any]:
    """What may be done now, with its forms."""
    given: dict[str, Any] = {"may_give": request.user.may(Permission.GIVE_DOSES)}
    given["may_note"] = request.user.may(Permission.WRITE_OBSERVATIONS) and session.is_open
    given["may_decide"] = request.user.may(Permission.PRESCRIBE)
    if not session.is_open:
        return given | {"missing_words": [word(code) for code in session.outcome_missing]}
    if dose is None:
        return given | _before(request, session)
    return given | _after(request, session, dose)


def _before(request: ClinicRequest, session: DosingSession) -> dict[str, Any]:
    stands = gate_of(session, clock.now())
    screened = newest_screening(session.patient)
    known = _known_then(session)
    return {
        "gate": stands,
        "gate_items": [
            (
                item,
                word(item.code),
                STATUS[item.status] if item.status else "",
                known is not None and item.code not in known,
            )
            for item in stands.items
        ],
        "check": session.pre_dose_checks.order_by("-created_at").first(),
        "check_form": PreDoseForm(),
        "dose_form": DoseForm(session=session, actor=request.user),
        "screened": screened,
        "unsure": unsure(screened.answers) if screened else (),
        "reason_form": ReasonForm(),
    }


def _known_then(session: DosingSession) -> set[str] | None:
    """What stood at the person's last dose; None before the first."""
    doses = MedicationAdministration.objects.known().filter(patient=session.patient)
    last = doses.order_by("-started_at").first()
    return None if last is None else set(last.gate)


def _after(request: ClinicRequest, session: DosingSession, dose: MedicationAdministration) -> dict[str, Any]:
    found = actions.leaving(session, clock.now())
    assert found is not None  # noqa: S101  (there is a dose)
    nasal = dose.route == DoseRoute.NASAL
    needed = [code for code in LEAVING if nasal or code not in ("under_2h_since_last_device", "no_bp_at_40min")]
    needed = [code for code in needed if not nasal or code not in ("under_60min_since_end", "recovery_score_under_9")]
    needed = [code for code in needed if session.place == AT_HOME or code != "no_recovery_check"]
    return {
        "leaving": found,
        "leave_items": sorted(
            ((code in found.blockers, code in NO_OVERRIDE, LEAVING[code]) for code in needed),
            key=lambda one: not one[0],
        ),
        "leave_form": LeaveForm(session=session, actor=request.user),
        "end_form": EndDoseForm(),
        "move_form": MoveForm(),
        "devices": (devices_given(dose), devices_of(dose)) if nasal else None,
        "reason_form": ReasonForm(),
    }


Act = Callable[[ClinicRequest, DosingSession], object]


def _verb(act: Act, *needed: Permission) -> View:
    """A plain POST that acts and shows the page again, with what was refused in words."""

    @door(*needed)
    @require_POST
    def view(request: ClinicRequest, pk: UUID) -> HttpResponse:
        session = _session(request, pk)
        try:
            act(request, session)
        except TreatmentRefused as refusal:
            messages.error(request, refusal.message)
        return redirect(session.path)

    return view


def _cleaned(form: forms.BaseForm) -> dict[str, Any]:
    if not form.is_valid():
        raise TreatmentRefused("invalid", faults(form))
    return form.cleaned_data


def _check(request: ClinicRequest, session: DosingSession) -> None:
    form = PreDoseForm(request.POST)
    _cleaned(form)
    actions.check_before_dose(session=session, asked=form.asked(), actor=request.user)


def _override(request: ClinicRequest, session: DosingSession) -> None:
    reason = _cleaned(ReasonForm(request.POST))["reason"]
    actions.override_gate(session=session, code=request.POST.get("code", ""), reason=reason, actor=request.user)


def _reasoned(verb: Callable[..., object]) -> Act:
    def act(request: ClinicRequest, session: DosingSession) -> None:
        verb(session=session, reason=_cleaned(ReasonForm(request.POST))["reason"], actor=request.user)

    return act


def _end(request: ClinicRequest, session: DosingSession) -> None:
    given_mg = _cleaned(EndDoseForm(request.POST))["given_mg"]
    actions.end_dose(session=session, given_mg=given_mg, actor=request.user)


def _move(request: ClinicRequest, session: DosingSession) -> None:
    form = MoveForm(request.POST)
    reason = _cleaned(form)["reason"]
    actions.move_dose(session=session, started_at=form.moment(session), reason=reason, actor=request.user)


def _discharge(request: ClinicRequest, session: DosingSession) -> None:
    form = LeaveForm(request.POST, session=session, actor=request.user)
    reason = _cleaned(form)["reason"]
    actions.discharge(session=session, reason=reason, actor=request.user, **form.signed())
    messages.success(request, _("The person may go. Give them the card."))


check = _verb(_check, Permission.GIVE_DOSES)
override = _verb(_override, Permission.PRESCRIBE)
device = _verb(lambda request, session: actions.give_device(session=session, actor=request.user), Permission.GIVE_DOSES)
end_dose = _verb(_end, Permission.GIVE_DOSES)
move_dose = _verb(_move, Permission.GIVE_DOSES)
void_dose = _verb(_reasoned(actions.void_dose), Permission.GIVE_DOSES)
without_dose = _verb(_reasoned(actions.end_without_dose), Permission.GIVE_DOSES)
against_advice = _verb(_reasoned(actions.leave_against_advice), Permission.GIVE_DOSES)
discharge = _verb(_discharge, Permission.GIVE_DOSES)


@door(Permission.GIVE_DOSES)
@require_POST
def dose(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Give the dose, or only look at what the limits say of it (a button named "look")."""
    session = _session(request, pk)
    form = DoseForm(request.POST, session=session, actor=request.user)
    if not form.is_valid():
        return _page(request, session, HTTPStatus.UNPROCESSABLE_ENTITY, dose_form=form)
    if "look" in request.POST:
        found = judged(session, form.order(), clock.now())
        words = {"level": LEVEL[found.level], "reasons": listed(found.reasons), "code": found.level.value}
        return _page(request, session, dose_form=form, looked=words | {"mg_per_kg": found.mg_per_kg})
    try:
        actions.give_dose(session=session, order=form.order(), actor=request.user, **form.signed())
    except TreatmentRefused as refusal:
        form.add_error(None, refusal.message)
        return _page(request, session, HTTPStatus.CONFLICT, dose_form=form)
    return redirect(session.path)


@door(Permission.WRITE_OBSERVATIONS)
@require_POST
def events(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Events of a session: one as a form, or {"events": [...]} as JSON, each taken or refused by itself."""
    session = _session(request, pk)
    as_json = request.content_type == "application/json"
    try:
        given = _batch(request) if as_json else [request.POST]
        taps, unread = _read(given)
        noted = actions.note_events(session=session, taps=taps, actor=request.user)
    except TreatmentRefused as refusal:
        if as_json:
            return JsonResponse({"code": refusal.code, "words": refusal.message}, status=HTTPStatus.CONFLICT)
        messages.error(request, refusal.message)
        return redirect(session.path)
    refused = unread | {str(key): value for key, value in noted.refused.items()}
    if as_json:
        taken = [str(event.client_id) for event in noted.created] + [str(one) for one in noted.repeated]
        return JsonResponse({"taken": taken, "refused": {key: list(value) for key, value in refused.items()}})
    for _code, words in refused.values():
        messages.error(request, words)
    return redirect("sessions" if request.POST.get("back") == "board" else session.path)


def _batch(request: ClinicRequest) -> list[dict[str, Any]]:
    try:
        body = json.loads(request.body)
        found = body["events"]
    except (ValueError, TypeError, KeyError):
        raise TreatmentRefused("invalid", _("This cannot be read.")) from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TreatmentRefused("invalid", _("This cannot be read."))
    return found


def _read(given: list[Any]) -> tuple[list[actions.Tap], dict[str, tuple[str, str]]]:
    """What could be read, and what not, by the client id that it came with."""
    taps, unread = [], {}
    for one in given:
        form = TapForm(one)
        if form.is_valid():
            taps.append(form.tap())
        else:
            unread[str(one.get("client_id", ""))] = ("invalid", faults(form))
    return taps, unread


@door(Permission.SEE_CLINICAL)
@require_GET
def card(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """What the person takes home: no driving until tomorrow, what is normal, when to call. For printing."""
    session = _session(request, pk)
    audit.record_seen([session], actor_id=request.user.pk, detail="discharge card")
    driver = live_link(session, clock.now())
    context = {"nav": "sessions", "session": session, "patient": session.patient, "driver": driver}
    return render(request, "sessions/card_show.html", context)


@door(Permission.GIVE_DOSES)
@require_POST
def driver_link(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Make the driver's link; its address is shown once, here."""
    session = _session(request, pk)
    form = DriverForm(request.POST)
    try:
        made = actions.make_driver_link(session=session, **_cleaned(form), actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
        return redirect(session.path)
    address = request.build_absolute_uri(reverse("driver", args=[made.token]))
    return _page(request, session, driver_address=address)
