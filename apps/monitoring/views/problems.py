"""Problems at the desk, followed up until they are closed; the photo of a report. The person's page: telek/views/own_problems."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.core.handing_out import handed_out
from apps.monitoring.actions import problems as actions
from apps.monitoring.instruments.check_in import PROBLEM_KINDS, SEVERITIES
from apps.monitoring.models import Outcome, Problem, ProblemPhoto
from apps.monitoring.refusals import SurveyRefused


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
    photo = forms.FileField(
        label=gettext_lazy("A photo, if it helps"),
        help_text=gettext_lazy("Of a rash or a swelling, for example. Only your team sees it."),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png"}),
    )


@require_GET
@door(Permission.OWN_RECORD, Permission.SEE_CLINICAL)
def problem_photo(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The photo of a report: its person's own, or the clinic's clinicians'."""
    found = get_object_or_404(ProblemPhoto.objects.visible_to(request.user), pk=pk)
    audit.record_seen([found], actor_id=request.user.pk, detail="photo")
    return handed_out(bytes(found.content), found.pk, photo=True)


@require_GET
@door(Permission.SEE_CLINICAL)
def desk_problems(request: ClinicRequest) -> HttpResponse:
    """Every open problem of the clinic, the severe ones first; what nobody looked at in its time is marked."""
    rows = Problem.objects.visible_to(request.user).filter(closed_at__isnull=True).select_related("patient")
    ordered = list(rows.prefetch_related("notes__author__user", photos_alone()).order_by("-severity", "next_look_at"))
    audit.record_seen(ordered, actor_id=request.user.pk, detail="list")
    context = {
        "nav": "patients",
        "rows": lines_of(ordered),
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


def photos_alone() -> Prefetch:
    """The photos of problems without the pictures themselves, which stay sealed until they are looked at."""
    return Prefetch("photos", ProblemPhoto.objects.defer("content"))


def lines_of(rows: list[Problem]) -> list[dict[str, Any]]:
    """Problems in words, as the pages print them."""
    severities = {option.value: _(option.label or "") for option in SEVERITIES}
    return [
        {"row": row, "what": actions.words_of(row), "severity": severities[row.severity].partition(":")[0]}
        for row in rows
    ]
