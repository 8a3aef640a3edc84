"""The clinic's outcomes: a page, and the same as CSV and PDF."""

import csv
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.doors import door
from apps.accounts.models import Clinic
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.core import clock
from apps.core.spreadsheet import cell
from apps.outcomes.actions import mark_reviewed
from apps.outcomes.clinic_outcomes import ClinicOutcomes, clinic_outcomes_of
from apps.outcomes.outcome_pdf import outcomes_pdf
from apps.outcomes.outcome_words import ANCHORS, figure_lines, group_tables, lasting_lines, measures, rows_for_csv
from apps.patients.models import Patient


@door(Permission.SEE_CLINICAL)
@require_GET
def clinic_outcomes(request: ClinicRequest) -> HttpResponse:
    """Response, remission, deterioration and how long a response lasts, with intervals."""
    return render(request, "outcomes/clinic_outcomes.html", {"nav": "outcomes", **_content(request, _found(request))})


@door(Permission.SEE_CLINICAL)
@require_GET
def clinic_outcomes_csv(request: ClinicRequest) -> HttpResponse:
    """The page's figures; what is suppressed there is empty here."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="outcomes.csv"'
    rows = rows_for_csv(_found(request))  # names of groups are the clinic's own words
    csv.writer(response).writerows([cell(one) if isinstance(one, str) else one for one in row] for row in rows)
    return response


@door(Permission.SEE_CLINICAL)
@require_GET
def clinic_outcomes_pdf(request: ClinicRequest) -> HttpResponse:
    """The page's figures for a meeting or an archive."""
    content, clinic = _content(request, _found(request)), _clinic(request)
    printed = _("%(clinic)s, %(day)s") % {"clinic": clinic.name, "day": _day(clinic, clock.now())}
    response = HttpResponse(outcomes_pdf(content, printed), content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="outcomes.pdf"'
    return response


@door(Permission.HANDLE_ALERTS)
@require_POST
def reviewed(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Somebody looked at how this person does."""
    rows = Patient.objects.visible_to(request.user).exclude(status="entered-in-error")
    mark_reviewed(patient=get_object_or_404(rows, pk=pk), actor=request.user)
    return redirect("chart", pk)


def _content(request: ClinicRequest, found: ClinicOutcomes) -> dict[str, Any]:
    words = measures()
    answered = found.answered
    return {
        "shown": found.whole,
        "synthetic": _clinic(request).synthetic,
        "figures": figure_lines(found.whole),
        "lasting": lasting_lines(found.whole),
        "tables": group_tables(found),
        "change": found.change,
        "answered": answered,
        "answered_share": round(100 * answered[0] / answered[1]) if answered and answered[1] else None,
        "anchors": [(words[name], said, source) for name, said, source in ANCHORS],
    }


def _clinic(request: ClinicRequest) -> Clinic:
    membership = request.user.membership
    if membership is None:  # the door let nobody in without one
        raise PermissionDenied
    return membership.clinic


def _found(request: ClinicRequest) -> ClinicOutcomes:
    return clinic_outcomes_of(_clinic(request), request.user, clock.now())


def _day(clinic: Clinic, at: datetime) -> str:
    return date_format(at.astimezone(clock.zone_of(clinic.time_zone)), "j M Y")
