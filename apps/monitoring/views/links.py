"""The one-tap link: looking at it uses nothing up; Start ties the browser to one form."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import public
from apps.accounts.language import speak
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.private import private
from apps.core.throttle import allow
from apps.monitoring.access import bind, over
from apps.monitoring.actions import snooze
from apps.monitoring.care import reminded_words
from apps.monitoring.later import choices_shown
from apps.monitoring.links import clinic_of, hash_token
from apps.monitoring.models import AuthLevel, SlotState, SurveyLink
from apps.monitoring.refusals import SurveyRefused
from apps.notifications import actions as notifications
from apps.patients import actions as patients

TRIES, WITHIN = 30, timedelta(minutes=10)
LONGEST_TOKEN = 64


# Without a referrer a browser sends "Origin: null" with the form, which the usual check refuses. The token in the
# path, 160 bits and unknown to any other site, takes its place; a post that another site started is refused.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@public("whoever holds the link may look at it; it opens one form and names nobody")
def start(request: HttpRequest, token: str) -> HttpResponse:
    """GET: the clinic's name and Start. POST: do=start, later (when=1h, 3h or evening), not-me (the link dies) or shared (no links)."""
    clinic_id = clinic_of(token) if len(token) <= LONGEST_TOKEN else None
    if clinic_id is None:  # guesses are limited by address; nobody's form is held up by them
        allowed = allow(f"survey-link:{request.META.get('REMOTE_ADDR', '')}", limit=TRIES, within=WITHIN)
        return over(request, "unknown", 404) if allowed else over(request, "slow", 429)
    with use_clinic(clinic_id), transaction.atomic():
        return _opened(request, token)


def _opened(request: HttpRequest, token: str) -> HttpResponse:
    links = SurveyLink.objects.select_related("slot__patient__user", "slot__clinic")
    link = links.get(token_hash=hash_token(token))
    request.link_clinic = link.slot.clinic  # type: ignore[attr-defined]
    speak(request, link.slot.patient.user)
    closed = _closed(link)
    if closed:
        return over(request, closed, 410)
    if request.method != "POST":
        return _start_page(request, link, token)
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return over(request, "unknown", 403)
    return _do(request, link, token)


def _start_page(request: HttpRequest, link: SurveyLink, token: str, *, refused: str = "") -> HttpResponse:
    context = {
        "token": token,
        "until": min(link.expires_at, link.slot.closes_at),
        "later": choices_shown(link.slot),
        "refused": refused,
    }
    status = 422 if refused else 200
    return private(render(request, "monitoring/link_start.html", context, status=status))


def _do(request: HttpRequest, link: SurveyLink, token: str) -> HttpResponse:
    what = request.POST.get("do", "start")
    if link.delivery_id is not None:  # a person has pressed; programs that look at every link only look
        notifications.note_receipt(delivery_id=link.delivery_id, opened=True)
    if what == "not-me":
        _revoke(link)
        return over(request, "not-me", 200)
    if what == "shared":
        patients.set_reachability(patient=link.slot.patient, actor=None, links_off=True)
        _revoke(link)
        return over(request, "shared", 200)
    if what == "later":
        return _later(request, link, token)
    if link.started_at is None:
        link.started_at = clock.now()
        link.save(update_fields=["started_at"])
    bind(request, link)
    audit.record(action=Action.SIGN_IN, actor_id=link.slot.patient.user_id, obj=link.slot, detail="one-tap link")
    return private(redirect("survey", link.slot_id))


def _later(request: HttpRequest, link: SurveyLink, token: str) -> HttpResponse:
    slot, when = link.slot, request.POST.get("when", "")
    try:
        at = snooze(slot=slot, choice=when, actor=slot.patient.user, auth_level=AuthLevel.LINK)
    except SurveyRefused as refusal:
        return _start_page(request, link, token, refused=refusal.message)
    return over(request, "later", 200, said=reminded_words(slot.patient, at))


def _revoke(link: SurveyLink) -> None:
    link.revoked_at = clock.now()
    link.save(update_fields=["revoked_at"])
    audit.record(action=Action.UPDATE, actor_id=None, obj=link.slot, detail="link revoked")


def _closed(link: SurveyLink) -> str:
    """Why the link opens nothing, or ""."""
    if link.slot.state == SlotState.ANSWERED:
        return "sent"
    usable = link.revoked_at is None and link.expires_at > clock.now() and link.slot.clinic.is_active
    if not usable or link.slot.patient.links_off_at is not None or link.slot.patient.status != "active":
        return "expired"
    return "" if link.slot.state == SlotState.OPEN else "closed"
