"""Alert quality, and the remote-monitoring report: as pages and as CSV."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.models import Clinic
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts.quality import RuleLine, burden, rule_lines
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.spreadsheet import as_csv
from telek.remote_report import HEADER, month_lines

PERIODS = (30, 90, 365)
COLUMNS = (
    "rule",
    "level",
    "alerts",
    "findings",
    "acted on",
    "dismissed",
    "minutes to take, median",
    "minutes to take, p90",
    "minutes to contact, median",
    "minutes to contact, p90",
    "proposal",
)


@require_GET
@door(Permission.SEE_DESK, Permission.MANAGE_CLINIC)
def quality(request: ClinicRequest) -> HttpResponse:
    """?days=30, 90 or 365; ?as=csv."""
    clinic = _clinic(request)
    days = next((one for one in PERIODS if str(one) == request.GET.get("days")), 90)
    lines = rule_lines(clinic, days)
    if request.GET.get("as") == "csv":
        audit.record(action=Action.EXPORT, actor_id=request.user.pk, object_type="alerts.quality", detail=str(days))
        return as_csv(f"alert-quality-{days}-days.csv", COLUMNS, map(_cells, lines))
    context = {
        "nav": "roster",
        "lines": lines,
        "people": burden(clinic, days),
        "days": days,
        "periods": PERIODS,
        "proposals": [line for line in lines if line.proposal],
    }
    return render(request, "alerts/quality_show.html", context)


@require_GET
@door(Permission.SEE_CLINICAL)
def remote_report(request: ClinicRequest) -> HttpResponse:
    """?month=2026-11 (this one); ?as=csv."""
    month = _month(request.GET.get("month", ""), clock.zone_of(_clinic(request).time_zone))
    lines = list(month_lines(request.user, month))
    if request.GET.get("as") == "csv":
        audit.record(
            action=Action.EXPORT,
            actor_id=request.user.pk,
            object_type="monitoring.remote-report",
            detail=f"{month:%Y-%m}",
        )
        return as_csv(f"remote-monitoring-{month:%Y-%m}.csv", HEADER, (line.cells(month) for line in lines))
    audit.record_seen([line.patient for line in lines], actor_id=request.user.pk, detail="remote report")
    return render(request, "monitoring/report_show.html", {"nav": "patients", "lines": lines, "month": month})


def _clinic(request: ClinicRequest) -> Clinic:
    if request.user.membership is None:
        raise Http404(_("No clinic."))
    return request.user.membership.clinic


def _month(text: str, zone: ZoneInfo) -> date:
    """The first day of that month; of the clinic's present one where the text names none."""
    this = clock.now().astimezone(zone).date().replace(day=1)
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return this
    return found if 2000 <= found.year < 2100 else this


def _cells(line: RuleLine) -> tuple[object, ...]:
    times = (line.take_median, line.take_p90, line.contact_median, line.contact_p90)
    rounded = [None if one is None else round(one, 1) for one in times]
    counts = (line.fired, line.counted, line.acted_on, line.dismissed)
    return (line.rule, line.level, *counts, *rounded, line.proposal)
