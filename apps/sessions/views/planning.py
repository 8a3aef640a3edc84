"""The plan of a course at the desk: calendar, what-if, moves, phases, reviews, and every change with what was known then."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.sessions import actions
from apps.sessions.course_record import given_days, given_doses, house_of, review_due, today_of
from apps.sessions.forms import faults
from apps.sessions.models import Course
from apps.sessions.plan_forms import (
    Days,
    MoveDayForm,
    PhaseForm,
    ProposeForm,
    local_moment,
    next_monday,
    posted_days,
)
from apps.sessions.protocols import plan_of
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.sites import sites_of
from apps.sessions.topics import as_uuid
from apps.sessions.treatment.planning import propose
from apps.sessions.treatment_forms import ReasonForm
from apps.sessions.words import STOP_REASONS, word


def _course(request: ClinicRequest, pk: UUID) -> Course:
    rows = Course.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("patient__clinic", "clinic", "protocol", "prescriber__user"), pk=pk)


@door(Permission.SEE_CLINICAL)
@require_GET
def plan(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """?first= ?at= ?minutes= ?count=: a proposal beside what is planned; nothing is kept by looking."""
    course = _course(request, pk)
    if "first" not in request.GET:
        return _page(request, course, _empty_form(course), {})
    form = ProposeForm(request.GET)
    if not form.is_valid():
        return _page(request, course, form, {}, HTTPStatus.UNPROCESSABLE_ENTITY)
    wanted = form.cleaned_data
    proposed = propose(plan_of(course), given_days(course), wanted["first"], wanted["count"], house_of(course.clinic))
    return _page(request, course, form, form.days(proposed, course.clinic.time_zone))


@door(Permission.GIVE_DOSES)
@require_POST
def keep(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The days as they stand in the boxes: do=try shows what stands against them, do=keep plans them."""
    course = _course(request, pk)
    days = posted_days(request.POST, course.clinic.time_zone)
    form = ProposeForm(request.POST)
    if not days:
        messages.error(request, _("Fill in a day and a time for every dose."))
        return redirect("course-plan", pk)
    if request.POST.get("do") != "keep":
        return _page(request, course, form, days)
    try:
        actions.plan_course(course=course, days=days, reason=request.POST.get("reason", ""), actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
        return _page(request, course, form, days, HTTPStatus.CONFLICT)
    messages.success(request, _("Planned."))
    return redirect("course-plan", pk)


@door(Permission.GIVE_DOSES)
@require_POST
def move(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One planned dose to another time; when it goes later, those after it go with it."""
    course = _course(request, pk)
    form = MoveDayForm(request.POST)
    planned = as_uuid(request.POST.get("planned", ""))
    start = local_moment(request.POST.get("starts_at", ""), course.clinic.time_zone)
    try:
        if not form.is_valid() or start is None or planned is None:
            raise TreatmentRefused("invalid", faults(form) or _("Fill in a day and a time."))
        reason = form.cleaned_data["reason"]
        actions.move_planned(course=course, planned_id=planned, starts_at=start, reason=reason, actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Moved."))
    return redirect("course-plan", pk)


@door(Permission.PRESCRIBE)
@require_POST
def decide(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """do=review: the course was looked at; do=phase: it goes into another phase. Both with a reason."""
    course = _course(request, pk)
    try:
        if request.POST.get("do") == "phase":
            form = PhaseForm(request.POST, course=course)
            if not form.is_valid():
                raise TreatmentRefused("invalid", faults(form))
            actions.change_phase(course=course, **form.cleaned_data, actor=request.user)
        else:
            actions.review_course(course=course, reason=request.POST.get("reason", ""), actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Kept, with what is known now."))
    return redirect("course-plan", pk)


@door(Permission.GIVE_DOSES)
@require_POST
def site(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The course is given somewhere else than was noted."""
    course = _course(request, pk)
    chosen, reason = request.POST.get("site", ""), request.POST.get("reason", "")
    try:
        actions.correct_site(course=course, site=chosen, reason=reason, actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Corrected. Outcomes by site follow."))
    return redirect("course-plan", pk)


def _empty_form(course: Course) -> ProposeForm:
    left = plan_of(course).doses
    count = 6 if left is None else max(left - len(given_doses(course)), 1)
    return ProposeForm(initial={"first": next_monday(today_of(course, clock.now())), "count": count})


def _page(
    request: ClinicRequest, course: Course, form: ProposeForm, days: Days, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    template = plan_of(course)
    doses = given_doses(course)
    planned = list(course.planned.filter(status="planned").order_by("number"))
    stands = actions.conflicts_of(course, {row.number: (row.starts_at, row.ends_at) for row in planned})
    tried = actions.conflicts_of(course, days)
    changes = list(course.changes.select_related("author__user")[:100])
    running = course.status in ("active", "on-hold")
    context: dict[str, Any] = {
        "nav": "patients",
        "course": course,
        "patient": course.patient,
        "phases": [(number, phase, number == course.phase) for number, phase in enumerate(template.phases)],
        "template": template,
        "doses": doses,
        "planned": [(row, _words(stands, row.number)) for row in planned],
        "days": [(number, span[0], _words(tried, number)) for number, span in sorted(days.items())],
        "weeks": _weeks(course, days),
        "form": form,
        "move_form": MoveDayForm(),
        "phase_form": PhaseForm(course=course),
        "reason_form": ReasonForm(),
        "changes": [(change, _seen(change.seen), STOP_REASONS.get(change.code, "")) for change in changes],
        "review_due": running and review_due(course, len(doses) + 1, template),
        "sites": [name for name in sites_of(course.clinic) if name != course.site],
        "may_plan_site": request.user.may(Permission.GIVE_DOSES),
        "may_plan": running and request.user.may(Permission.GIVE_DOSES),
        "may_decide": running and request.user.may(Permission.PRESCRIBE),
    }
    audit.record_seen([course, course.patient], actor_id=request.user.pk, detail="course plan")
    return render(request, "sessions/plan_show.html", context, status=status)


def _words(found: dict[int, tuple[str, ...]], number: int) -> list[str]:
    return [word(code) for code in found.get(number, ())]


def _seen(seen: dict[str, Any]) -> list[tuple[str, str]]:
    """What was known, as lines; codes of the lists in words."""
    lines = []
    for name, value in seen.items():
        words = ", ".join(word(str(one)) for one in value) if isinstance(value, list) else str(value)
        lines.append((name, words))
    return lines


def _weeks(course: Course, days: Days) -> list[list[dict[str, Any]]]:
    """Weeks of seven days from the first to the last dose, each day with what falls on it."""
    zone = clock.zone_of(course.clinic.time_zone)
    marks: dict[date, list[tuple[str, int, datetime]]] = {}
    for number, dose in enumerate(given_doses(course), 1):
        marks.setdefault(dose.started_at.astimezone(zone).date(), []).append(("given", number, dose.started_at))
    if not days:
        for row in course.planned.filter(status="planned"):
            marks.setdefault(row.starts_at.astimezone(zone).date(), []).append(("planned", row.number, row.starts_at))
    for number, (start, _end) in days.items():
        marks.setdefault(start.astimezone(zone).date(), []).append(("tried", number, start))
    if not marks:
        return []
    house, first, last = house_of(course.clinic), min(marks), max(marks)
    day = first - timedelta(days=first.weekday())
    today = today_of(course, clock.now())
    weeks: list[list[dict[str, Any]]] = []
    while day <= last and len(weeks) < 60:
        week = [day + timedelta(days=ahead) for ahead in range(7)]
        weeks.append(
            [
                {"day": one, "marks": marks.get(one, []), "open": house.is_open(one), "today": one == today}
                for one in week
            ]
        )
        day += timedelta(days=7)
    return weeks
