"""Problems: the person reports one and sees what became of it; the desk follows them up until they are closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring.actions import problems as actions
from apps.monitoring.instruments.check_in import PROBLEM_KINDS, SEVERITIES
from apps.monitoring.models import Outcome, Problem
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.views.portal import own_record
from apps.patients.models import Patient

CLOSED_SHOWN = timedelta(days=90)


class ProblemForm(forms.Form):
    """What, how bad, since when."""

    kind = forms.TypedChoiceField(
        label=gettext_lazy("What bothers you?"),
        coerce=int,
        choices=lambda: [("", "—"), *((option.value, _(option.label or "")) for option in PROBLEM_KINDS)],
    )
    severity = forms.TypedChoiceField(
        label=gettext_lazy("How bad is it?"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=lambda: [(option.value, _(option.label or "")) for option in SEVERITIES],
    )
    since = forms.DateField(
        label=gettext_lazy("Since when? Leave it empty for today"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    text = forms.CharField(
        label=gettext_lazy("In your words"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


@require_http_methods(["GET", "POST"])
@door(Permission.OWN_RECORD)
def problems(request: ClinicRequest) -> HttpResponse:
    """Report a problem; see where the others stand."""
    patient = own_record(request)
    form = ProblemForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _report(request, patient, form):
        return redirect("problems")
    rows = list(Problem.objects.visible_to(request.user).select_related("closed_by__user"))
    audit.record_seen(rows, actor_id=request.user.pk, detail="list")
    shown = [row for row in rows if row.closed_at is None or row.closed_at > clock.now() - CLOSED_SHOWN]
    shown.sort(key=lambda row: (row.closed_at is not None, -row.last_reported_at.timestamp()))
    context = {"nav": "more", "form": form, "rows": _lines(shown), "zone": patient.time_zone}
    return render(request, "monitoring/problem_list.html", context, status=422 if form.errors else 200)


def _report(request: ClinicRequest, patient: Patient, form: ProblemForm) -> bool:
    try:
        actions.report_problem(patient=patient, source="patient", actor=request.user, **form.cleaned_data)
    except SurveyRefused as refusal:
        form.add_error("since" if refusal.code == "bad-date" else None, refusal.message)
        return False
    messages.success(request, _("Your team has it. It stays open until somebody has dealt with it."))
    return True


@require_GET
@door(Permission.SEE_CLINICAL)
def desk_problems(request: ClinicRequest) -> HttpResponse:
    """Every open problem of the clinic, the severe ones first; what nobody looked at in its time is marked."""
    rows = Problem.objects.visible_to(request.user).filter(closed_at__isnull=True).select_related("patient")
    ordered = list(rows.prefetch_related("notes__author__user").order_by("-severity", "next_look_at"))
    audit.record_seen(ordered, actor_id=request.user.pk, detail="list")
    context = {
        "nav": "patients",
        "rows": _lines(ordered),
        "outcomes": Outcome.choices,
        "now": clock.now(),
        "may_write": request.user.may(Permission.HANDLE_ALERTS),
    }
    return render(request, "monitoring/problem_follow.html", context)


@require_POST
@door(Permission.HANDLE_ALERTS)
def problem_change(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """do=note (text) or do=close (outcome, text)."""
    row = get_object_or_404(Problem.objects.visible_to(request.user), pk=pk)
    text, outcome = request.POST.get("text", ""), request.POST.get("outcome", "")
    try:
        if request.POST.get("do") == "close":
            if outcome not in Outcome.values:
                raise SurveyRefused("no-outcome", _("Choose how it ended."))
            actions.close_problem(problem=row, outcome=outcome, text=text, actor=request.user)
        else:
            actions.note_problem(problem=row, text=text, actor=request.user)
    except SurveyRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Saved."))
    return redirect("desk-problems")


def _lines(rows: list[Problem]) -> list[dict[str, Any]]:
    severities = {option.value: _(option.label or "") for option in SEVERITIES}
    return [
        {"row": row, "what": actions.words_of(row), "severity": severities[row.severity].partition(":")[0]}
        for row in rows
    ]
