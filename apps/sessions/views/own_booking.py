"""The person chooses a time: what is open, day by day, in their own time zone."""

from collections.abc import Iterable
from datetime import date, datetime
from http import HTTPStatus
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.core import clock
from apps.patients.models import Patient
from apps.sessions import actions
from apps.sessions.after_dose import DoseWindow, window_of
from apps.sessions.forms import OwnTimeForm
from apps.sessions.models import Visit
from apps.sessions.open_times import OpenTime, booking_rules, open_times
from apps.sessions.record import PEOPLE
from apps.sessions.refusal import VisitRefused
from apps.sessions.topics import as_uuid

DAYS_SHOWN = 4  # days that have a free time; the next ones are one tap away


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def book(request: ClinicRequest) -> HttpResponse:
    """Choose a time for a new visit, or (move=<visit>) another time for one. ?from=<day> begins there."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).filter(status="active"))
    moving = _moving(request)
    if request.method == "GET":
        return _page(request, patient, moving)
    form = OwnTimeForm(request.POST, patient=patient)
    if not form.is_valid():
        return _page(request, patient, moving, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    wanted = {"clinician": form.cleaned_data["time"].clinician, "starts_at": form.cleaned_data["time"].starts_at}
    try:
        if moving is not None:
            actions.move_own(visit=moving, **wanted, actor=request.user)
        else:
            actions.book_own(patient=patient, **wanted, actor=request.user)
    except VisitRefused as refusal:
        form.add_error(None, refusal.message)
        return _page(request, patient, moving, form, HTTPStatus.CONFLICT)
    messages.success(request, _("Moved.") if moving else _("Booked. You get a reminder before it."))
    return redirect("visits")


def _moving(request: ClinicRequest) -> Visit | None:
    named = request.POST.get("move") or request.GET.get("move")
    if not named:
        return None
    return get_object_or_404(Visit.objects.visible_to(request.user).select_related(*PEOPLE), pk=as_uuid(named))


def _page(
    request: ClinicRequest,
    patient: Patient,
    moving: Visit | None,
    form: OwnTimeForm | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    rules, window = booking_rules(patient), window_of(patient)
    zone, now = clock.zone_of(patient.time_zone), clock.now()
    begin = parse_date(request.GET.get("from", "")[:10]) if request.GET.get("from") else None
    first = datetime.combine(begin, datetime.min.time(), zone) if begin else now
    times = open_times(patient, rules, first, now + rules.ahead, moving=moving)
    days = _days(times, zone, window)
    context = {
        "nav": "visits",
        "patient": patient,
        "moving": moving,
        "form": form or OwnTimeForm(patient=patient),
        "rules": rules,
        "window": window,
        "days": days[:DAYS_SHOWN],
        "more_from": days[DAYS_SHOWN]["day"] if len(days) > DAYS_SHOWN else None,
        "earlier": begin is not None,
    }
    return render(request, "sessions/visit_book.html", context, status=status)


def _days(times: Iterable[OpenTime], zone: ZoneInfo, window: DoseWindow | None) -> list[dict[str, Any]]:
    """The times by the person's own days; fits: some of it lies in the window after a dose."""

    def day_of(one: OpenTime) -> date:
        return one.starts_at.astimezone(zone).date()

    days = []
    for day, group in groupby(times, key=day_of):
        those = list(group)
        fits = window is not None and any(window.span.starts_at <= one.starts_at < window.span.ends_at for one in those)
        days.append({"day": day, "at": those[0].starts_at, "times": those, "fits": fits})
    return days
