"""The person's own check before a session, and what to expect in plain words."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.sessions import actions
from apps.sessions.pre_visit_forms import PreVisitForm
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.pre_visit import cautions, holds
from apps.sessions.views.session_day import patient_of
from apps.sessions.words import word


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def check(request: ClinicRequest) -> HttpResponse:
    """Questions; then what they mean for the session, in words."""
    patient = patient_of(request)
    form = PreVisitForm(request.POST if request.method == "POST" else None)
    done = None
    if form.is_bound and form.is_valid():
        told = form.told()
        words = {name: form.cleaned_data[name] for name in ("when", "ride_name", "new_text")}
        try:
            actions.check_before_visit(patient=patient, told=told, actor=request.user, **words)
        except TreatmentRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            done = {
                "holds": [word(code) for code in sorted(holds(told))],
                "cautions": [word(code) for code in sorted(cautions(told))],
            }
    context = {"nav": "more", "form": form, "done": done}
    return render(request, "sessions/day_check.html", context, status=422 if form.errors else 200)


@door(Permission.OWN_RECORD)
@require_GET
def expect(request: ClinicRequest) -> HttpResponse:
    """What a session is like, what is known and what is not, with sources."""
    return render(request, "sessions/day_expect.html", {"nav": "more"})
