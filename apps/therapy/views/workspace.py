"""The therapist's workspace: whom to talk with in these days, what was shared, what people mean to do."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.sessions.models import IntegrationWindow
from apps.therapy.models import Commitment, JournalEntry, Privacy

LOOK_BACK = timedelta(days=30)


@door(Permission.HOLD_VISITS)
@require_GET
def workspace(request: ClinicRequest) -> HttpResponse:
    """Windows that are open or ahead, those of the last thirty days with what became of them, entries, commitments."""
    now = clock.now()
    windows = IntegrationWindow.objects.visible_to(request.user).exclude(status="cancelled").select_related("patient")
    ahead = list(windows.filter(closes_at__gt=now).select_related("visit__clinician__user").order_by("closes_at")[:60])
    past = list(windows.filter(closes_at__lte=now, closes_at__gt=now - LOOK_BACK).order_by("-closes_at")[:200])
    entries = JournalEntry.objects.visible_to(request.user).exclude(privacy=Privacy.ME).filter(removed_at=None)
    shared = list(entries.filter(patient__status="active").select_related("patient")[:30])
    meant = Commitment.objects.visible_to(request.user).filter(done_at=None, dropped_at=None)
    commitments = list(meant.filter(patient__status="active").select_related("patient")[:40])
    audit.record_seen([*ahead, *past, *shared, *commitments], actor_id=request.user.pk, detail="therapy")
    closed = [window for window in past if window.status != "open"]
    met = sum(window.status == "met" for window in closed)
    context = {
        "nav": "therapy",
        "now": now,
        "ahead": ahead,
        "missed": [window for window in past if window.status == "missed"],
        "met": met,
        "closed": len(closed),
        "share": round(100 * met / len(closed)) if closed else None,
        "entries": shared,
        "commitments": commitments,
    }
    return render(request, "therapy/workspace_show.html", context)
