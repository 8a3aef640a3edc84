"""The desk's page of hours: when each clinician holds visits, and the times that are different."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.core import clock
from apps.sessions import actions
from apps.sessions.forms import clinic_of
from apps.sessions.hours_forms import DifferentTimeForm, HoursForm
from apps.sessions.models import DifferentTime, VisitHours
from apps.sessions.record import member_of
from apps.sessions.refusal import VisitRefused


@door(Permission.BOOK_VISITS)
@require_GET
def hours(request: ClinicRequest) -> HttpResponse:
    """Weekly hours that hold now or later, and different times that are not over."""
    return _page(request)


@door(Permission.BOOK_VISITS)
@require_POST
def add_hours(request: ClinicRequest) -> HttpResponse:
    """Open hours of one weekday."""
    form = HoursForm(request.POST, user=request.user)
    return _add(request, form, "hours_form", lambda: actions.add_hours(**form.cleaned_data, actor=request.user))


@door(Permission.BOOK_VISITS)
@require_POST
def add_different(request: ClinicRequest) -> HttpResponse:
    """Say that a clinician is away, or there in addition."""
    form = DifferentTimeForm(request.POST, user=request.user)
    act = lambda: actions.add_different_time(**form.wanted(), actor=request.user)  # noqa: E731
    return _add(request, form, "different_form", act)


@door(Permission.BOOK_VISITS)
@require_POST
def end_hours(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """From today on they hold no more."""
    row = get_object_or_404(VisitHours.objects.visible_to(request.user).select_related("clinician"), pk=pk)
    return _undo(request, lambda: actions.end_hours(hours=row, actor=request.user))


@door(Permission.BOOK_VISITS)
@require_POST
def withdraw(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Take a different time back."""
    row = get_object_or_404(DifferentTime.objects.visible_to(request.user).select_related("clinician"), pk=pk)
    return _undo(request, lambda: actions.withdraw_different_time(different=row, actor=request.user))


def _undo(request: ClinicRequest, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except VisitRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("desk-visit-hours")


def _add(request: ClinicRequest, form: forms.Form, name: str, act: Callable[[], object]) -> HttpResponse:
    if not form.is_valid():
        return _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, **{name: form})
    try:
        act()
    except VisitRefused as refusal:
        form.add_error(None, refusal.message)
        return _page(request, HTTPStatus.CONFLICT, **{name: form})
    messages.success(request, _("Kept."))
    return redirect("desk-visit-hours")


def _page(request: ClinicRequest, status: HTTPStatus = HTTPStatus.OK, **filled: forms.Form) -> HttpResponse:
    clinic, user, now = clinic_of(request.user), request.user, clock.now()
    today = now.astimezone(clock.zone_of(clinic.time_zone)).date()
    initial = {"clinician": member_of(user).pk, "time_zone": clinic.time_zone}
    weekly = VisitHours.objects.visible_to(user).exclude(last_on__lt=today).select_related("clinician__user")
    different = DifferentTime.objects.visible_to(user).filter(ends_at__gt=now, withdrawn_at__isnull=True)
    context: dict[str, Any] = {
        "nav": "visits",
        "weekly": weekly.order_by("clinician__user__name", "weekday", "opens"),
        "different": different.select_related("clinician__user"),
        "hours_form": HoursForm(user=user, initial=initial),
        "different_form": DifferentTimeForm(user=user, initial=initial),
    }
    return render(request, "sessions/hours_list.html", context | filled, status=status)
