"""The session board: every chair now, and a new one."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.sessions import actions
from apps.sessions.board import on_the_board
from apps.sessions.models import CountersignPin, Course, CourseStatus
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.tiles import tile_of
from apps.sessions.treatment_forms import OpenForm, PinForm


@door(Permission.SEE_CLINICAL)
@require_GET
def board(request: ClinicRequest) -> HttpResponse:
    """Every open session; beside it who may sit down today."""
    at = clock.now()
    tiles = [tile_of(session, at) for session in on_the_board(request.user)]
    audit.record_seen([tile.session for tile in tiles], actor_id=request.user.pk, detail="session board")
    may_open = request.user.may(Permission.GIVE_DOSES)
    context = {
        "nav": "sessions",
        "tiles": tiles,
        "counts": Counter(tile.state for tile in tiles),
        "courses": _waiting(request, tiles) if may_open else [],
        "open_form": OpenForm(initial={"chair": _("Chair %(n)s") % {"n": len(tiles) + 1}}),
        "may_open": may_open,
        "may_note": request.user.may(Permission.WRITE_OBSERVATIONS),
        "has_pin": CountersignPin.objects.filter(membership=request.user.membership).exists(),
    }
    return render(request, "sessions/board_show.html", context)


def _waiting(request: ClinicRequest, tiles: list[Any]) -> list[Course]:
    """Courses that go on and whose person is not in a chair."""
    here = [tile.session.patient_id for tile in tiles]
    rows = Course.objects.visible_to(request.user).filter(status=CourseStatus.ACTIVE).exclude(patient_id__in=here)
    return list(rows.select_related("patient").order_by("patient__family_name", "patient__given_name")[:200])


@door(Permission.GIVE_DOSES)
@require_POST
def open_session(request: ClinicRequest, pk: Any) -> HttpResponse:
    """The person of this course sits down."""
    course = get_object_or_404(Course.objects.visible_to(request.user).select_related("patient", "clinic"), pk=pk)
    form = OpenForm(request.POST)
    chair = form.cleaned_data["chair"] if form.is_valid() else ""
    try:
        session = actions.open_session(course=course, chair=chair, actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("sessions")
    return redirect(session.path)


@door(Permission.WRITE_OBSERVATIONS)
@require_http_methods(["GET", "POST"])
def pin(request: ClinicRequest) -> HttpResponse:
    """One's own PIN, with which one confirms on a colleague's screen."""
    form = PinForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.set_pin(pin=form.cleaned_data["pin"], actor=request.user)
        except TreatmentRefused as refusal:
            form.add_error("pin", refusal.message)
        else:
            messages.success(request, _("Your PIN is set."))
            return redirect("sessions")
    status = 422 if form.is_bound else 200
    return render(request, "sessions/pin_form.html", {"nav": "sessions", "form": form}, status=status)
