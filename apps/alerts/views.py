"""Doors to the verbs of an alert: a plain form each. The alert's own page is composed in telek.

GET shows the form by itself, POST acts and goes back to the alert's page (htmx: a short answer in place). What
cannot be done is said above the form, and nothing that was typed is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import pending
from apps.accounts.doors import View, door
from apps.accounts.models import Clinic, Membership
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts import actions
from apps.alerts.actions.pager import hand_over_pager
from apps.alerts.forms import (
    ConfirmForm,
    ContactForm,
    HandOverForm,
    ReasonForm,
    ResolveForm,
    ReviewForm,
    SnoozeForm,
    VerbForm,
)
from apps.alerts.models import Alert, RosterShift
from apps.alerts.refusal import AlertRefused
from apps.alerts.roster import ROTAS, Gap, cover_now, gaps_ahead, handlers
from apps.alerts.roster_week import WEEK, week
from apps.audit import actions as audit
from apps.core import clock

ROSTER_AHEAD = timedelta(days=14)
Act = Callable[[Alert, Any, dict[str, Any]], object]


@dataclass(frozen=True)
class Verb:
    """One verb: its title, its form, what it does with the cleaned data, and what it says when done."""

    name: str
    title: Any
    form: type[VerbForm]
    act: Act
    done: Any

    @property
    def url_name(self) -> str:
        """Of its page."""
        return f"alert-{self.name}"


def _acknowledge(alert: Alert, actor: Any, data: dict[str, Any]) -> None:
    actions.acknowledge(alert=alert, actor=actor)


def _contact(alert: Alert, actor: Any, data: dict[str, Any]) -> None:
    actions.record_contact(
        alert=alert,
        actor=actor,
        channel=data["channel"],
        reached=data["reached"] == "yes",
        text=data["text"],
        place=data["place"],
        company=data["company"],
    )


def _still(alert: Alert, actor: Any, data: dict[str, Any]) -> None:
    actions.still_with_them(alert=alert, actor=actor)


def _hand_over(alert: Alert, actor: Any, data: dict[str, Any]) -> None:
    actions.hand_over(alert=alert, actor=actor, to=data["to"], reason=data["reason"])


def _escalate(alert: Alert, actor: Any, data: dict[str, Any]) -> None:
    actions.escalate_now(alert=alert, actor=actor, reason=data["reason"])


def _resolve(alert: Alert, actor: Any, data: dict[str, Any]) -> None:
    actions.resolve(alert=alert, actor=actor, disposition=data["disposition"], text=data["text"], record=data)


def _snooze(alert: Alert, actor: Any, data: dict[str, Any]) -> None:
    until = clock.now() + clock.scaled(timedelta(hours=data["hours"]))
    actions.snooze(alert=alert, actor=actor, until=until, reason=data["reason"])


def _review(alert: Alert, actor: Any, data: dict[str, Any]) -> None:
    actions.review_level(
        patient=alert.patient,
        cause=alert.cause,
        value=data["value"],
        reason=data["reason"],
        expires_at=clock.now() + timedelta(days=data["days"]),
        actor=actor,
        alert=alert,
    )


VERBS = [
    Verb("acknowledge", _("Acknowledge and own"), ConfirmForm, _acknowledge, _("It is yours. Paging has stopped.")),
    Verb("contact", _("Record contact"), ContactForm, _contact, _("Written down.")),
    Verb("still", _("Still with them"), ConfirmForm, _still, _("Noted. It stays yours.")),
    Verb("hand-over", _("Hand over"), HandOverForm, _hand_over, _("Handed over; your colleague is being paged.")),
    Verb("escalate", _("Escalate now"), ReasonForm, _escalate, _("The next on the ladder is being paged.")),
    Verb("resolve", _("Close"), ResolveForm, _resolve, _("Closed.")),
    Verb("snooze", _("Put off"), SnoozeForm, _snooze, _("Put off.")),
    Verb("review", _("Sign a known level"), ReviewForm, _review, _("Signed.")),
]


def verb_view(verb: Verb) -> View:
    """The page of a verb."""

    @door(Permission.HANDLE_ALERTS)
    @require_http_methods(["GET", "POST"])
    def view(request: ClinicRequest, pk: UUID) -> HttpResponse:
        alert = get_object_or_404(
            Alert.objects.visible_to(request.user).select_related("patient", "owner__user"), pk=pk
        )
        form = verb.form(request.POST if request.method == "POST" else None, alert=alert, actor=request.user)
        if not form.is_bound:
            return _page(request, verb, alert, form, HTTPStatus.OK)
        if not form.is_valid():
            return _page(request, verb, alert, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            verb.act(alert, request.user, form.cleaned_data)
        except AlertRefused as refusal:
            form.refuse(refusal)
            return _page(request, verb, alert, form, HTTPStatus.CONFLICT)
        return _done(request, verb, alert)

    return view


def _page(request: ClinicRequest, verb: Verb, alert: Alert, form: VerbForm, status: HTTPStatus) -> HttpResponse:
    """htmx swaps only good answers: for it the form with its faults is one."""
    context: dict[str, Any] = {"alert": alert, "verb": verb, "form": form, "nav": "alerts"}
    if verb.act is _resolve and not form.is_bound:
        context["missing"] = actions.what_is_missing(alert, request.user)
    audit.record_seen([alert], actor_id=request.user.pk, detail=verb.name)
    if request.htmx:
        return render(request, "alerts/_verb_form.html", context)
    return render(request, "alerts/verb_form.html", context, status=status)


def _done(request: ClinicRequest, verb: Verb, alert: Alert) -> HttpResponse:
    if request.htmx:
        answer = render(request, "alerts/_verb_done.html", {"alert": alert, "verb": verb})
        answer["HX-Trigger"] = "alert-changed"
        return answer
    messages.success(request, verb.done)
    return redirect(alert.path)


@door(Permission.SEE_DESK, Permission.MANAGE_CLINIC)
@require_GET
def roster(request: ClinicRequest) -> HttpResponse:
    """Who holds which pager for the coming weeks, and every hole in words."""
    membership = request.user.membership
    if membership is None:
        raise Http404
    clinic = membership.clinic
    at = clock.now()
    until = at + ROSTER_AHEAD
    shifts = RosterShift.objects.filter(clinic=clinic, ends_at__gt=at, starts_at__lt=until)
    shifts = shifts.select_related("membership__user", "stands_in_for__user").order_by("starts_at", "rota")
    gaps: list[Gap] = [gap for rota in ROTAS for gap in gaps_ahead(clinic, rota, at, until)]
    words = {str(rota): str(name) for rota, name in RosterShift._meta.get_field("rota").flatchoices}
    context = {
        "nav": "roster",
        "cover": cover_now(clinic, at),
        "colleagues": handlers(clinic.pk, at),
        "may_hand_over": request.user.may(Permission.MANAGE_CLINIC),
        "mine": membership.pk,
        "may_handle": request.user.may(Permission.HANDLE_ALERTS),
        "waiting": pending.waiting(clinic).count(),
        "any_shift": bool(shifts),
        "current": [shift for shift in shifts if shift.starts_at <= at],
        "weeks": _weeks(clinic, at, words, list(shifts), gaps),
        "gaps": [(words[gap.rota], gap) for gap in sorted(gaps, key=lambda gap: gap.starts_at)],
    }
    return render(request, "alerts/roster_list.html", context)


def _weeks(
    clinic: Clinic, at: datetime, words: dict[str, str], shifts: list[RosterShift], gaps: list[Gap]
) -> list[Any]:
    """This week, from today on, and the one after."""
    zone = clock.zone_of(clinic.time_zone)
    today = at.astimezone(zone).date()
    firsts = (today, today + timedelta(days=WEEK))
    return [week(first=first, zone=zone, now=at, rotas=words, shifts=shifts, gaps=gaps) for first in firsts]


@door(Permission.HANDLE_ALERTS, Permission.MANAGE_CLINIC)
@require_POST
def pager_hand_over(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """to=<membership>: the rest of a running shift goes to a colleague now."""
    membership = request.user.membership
    if membership is None:
        raise Http404
    shift = get_object_or_404(RosterShift, clinic_id=membership.clinic_id, pk=pk)
    try:
        hand_over_pager(
            shift=shift, to=_colleague(membership.clinic_id, request.POST.get("to", "")), actor=request.user
        )
    except AlertRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The pager is handed over. They are told by every way."))
    return redirect("roster")


def _colleague(clinic_id: UUID, text: str) -> Membership:
    """Who is meant, of those who may take alerts."""
    try:
        found = handlers(clinic_id, clock.now()).filter(pk=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise AlertRefused("to", str(_("Choose a colleague who may take alerts.")))
    return found
