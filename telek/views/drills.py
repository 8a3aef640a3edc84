"""The fire drill: start one, and the report of each: who answered how fast."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts import drill
from apps.alerts.models import AlertState
from apps.alerts.refusal import AlertRefused
from apps.audit import actions as audit

SHOWN = 20


@require_http_methods(["GET", "POST"])
@door(Permission.HANDLE_ALERTS)
def drill_list(request: ClinicRequest) -> HttpResponse:
    """GET: what a drill does, and those of before. POST starts one."""
    member = request.user.membership
    if member is None:
        raise Http404
    if request.method == "POST":
        try:
            return redirect("drill", drill.start_drill(clinic=member.clinic, actor=request.user).pk)
        except AlertRefused as refusal:
            messages.error(request, refusal.message)
    reports = [drill.report(alert) for alert in drill.drills(request.user)[:SHOWN]]
    return render(request, "desk/drill_list.html", {"nav": "roster", "reports": reports})


@require_http_methods(["GET", "POST"])
@door(Permission.HANDLE_ALERTS)
def drill_show(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The report. POST ends the drill."""
    alert = get_object_or_404(drill.drills(request.user), pk=pk)
    if request.method == "POST":
        try:
            drill.end_drill(alert=alert, actor=request.user)
        except AlertRefused as refusal:
            messages.error(request, refusal.message)
        return redirect("drill", pk)
    audit.record_seen([alert], actor_id=request.user.pk, detail="drill")
    running = alert.state != AlertState.RESOLVED
    return render(request, "desk/drill_show.html", {"nav": "roster", "report": drill.report(alert), "running": running})
