"""The desk's visits: who waits, today, ahead; book, move, cancel; and the verbs of one visit.

The page of one visit, with the person's curve beside the call, is composed in telek.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.doors import View, door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.sessions import actions
from apps.sessions.after_dose import windows_without_visit
from apps.sessions.forms import BookForm, CancelForm, ChangeForm, DelayForm, NoteForm, clinic_of, faults, today_words
from apps.sessions.models import Visit, VisitEvent, VisitNote, VisitStatus
from apps.sessions.record import PEOPLE, member_of
from apps.sessions.refusal import VisitRefused
from apps.sessions.rows import away_since

DAYS_AHEAD = timedelta(days=28)
UNSIGNED_BACK = timedelta(days=30)


@door(Permission.SEE_CLINICAL)
@require_GET
def visits(request: ClinicRequest) -> HttpResponse:
    """The waiting room, today, ahead, notes not signed; ?patient= prepares a booking; ?part=queue the lists alone."""
    if request.GET.get("part") == "queue":
        return render(request, "sessions/_queue.html", _lists(request))
    asked = {name: request.GET.get(name) for name in ("patient", "alert", "message", "day") if request.GET.get(name)}
    initial = {"clinician": member_of(request.user).pk} | asked
    form = BookForm(user=request.user, initial=initial) if request.user.may(Permission.BOOK_VISITS) else None
    return _page(request, form)


@door(Permission.BOOK_VISITS)
@require_POST
def book(request: ClinicRequest) -> HttpResponse:
    """Book; what overlaps is said in words above the form."""
    form = BookForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    wanted = {
        name: form.cleaned_data[name] for name in ("patient", "clinician", "minutes", "reason", "alert", "message")
    }
    try:
        visit = actions.book_visit(**wanted, starts_at=form.starts_at(), actor=request.user)
    except VisitRefused as refusal:
        form.add_error(None, refusal.message)
        return _page(request, form, HTTPStatus.CONFLICT)
    messages.success(request, _("Booked. %(name)s is told.") % {"name": visit.patient})
    return redirect("desk-visits")


@door(Permission.BOOK_VISITS)
@require_http_methods(["GET", "POST"])
def change(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Another time, length, clinician or reason."""
    visit = _visit(request, pk)
    form = ChangeForm(request.POST if request.method == "POST" else None, visit=visit, user=request.user)
    status = HTTPStatus.OK
    if form.is_bound:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            wanted = {name: form.cleaned_data[name] for name in ("clinician", "minutes", "reason")}
            try:
                actions.change(visit=visit, **wanted, starts_at=form.starts_at(), actor=request.user)
            except VisitRefused as refusal:
                form.add_error(None, refusal.message)
                status = HTTPStatus.CONFLICT
            else:
                messages.success(request, _("Moved. The person is told."))
                return redirect("desk-visits")
    context = {"nav": "visits", "visit": visit, "form": form}
    return render(request, "sessions/visit_change.html", context, status=status)


def _page(request: ClinicRequest, form: BookForm | None, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    clinic = clinic_of(request.user)
    context = {
        "nav": "visits",
        "form": form,
        "today": today_words(clinic.time_zone),
        "after_dose": windows_without_visit(request.user, clinic),
    }
    return render(request, "sessions/desk_list.html", context | _lists(request), status=status)


def _lists(request: ClinicRequest) -> dict[str, Any]:
    now, zone = clock.now(), clock.zone_of(clinic_of(request.user).time_zone)
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
    visible = _with_check(Visit.objects.visible_to(request.user).select_related(*PEOPLE))
    present = visible.filter(status__in=(VisitStatus.ARRIVED, VisitStatus.IN_PROGRESS)).prefetch_related("seats")
    there = list(present.order_by("arrived_at"))
    planned = visible.filter(status=VisitStatus.PLANNED, ends_at__gt=now - timedelta(hours=12))
    today = list(planned.filter(starts_at__lt=midnight))
    ahead = list(planned.filter(starts_at__gte=midnight, starts_at__lt=now + DAYS_AHEAD))
    unsigned = list(_unsigned(visible, now))
    shown = [*there, *today, *ahead, *unsigned]
    audit.record_seen(shown, actor_id=request.user.pk, detail="visits")
    away = {visit.pk for visit in there if away_since(visit)}
    return {"away": away, "there": there, "today_list": today, "ahead": ahead, "unsigned": unsigned, "now": now}


def _with_check(visits: QuerySet[Visit]) -> QuerySet[Visit]:
    checks = VisitEvent.objects.filter(visit=OuterRef("pk"), kind="device-check").order_by("-created_at")
    return visits.annotate(device_check=checks.values("detail")[:1])


def _unsigned(visits: QuerySet[Visit], now: datetime) -> QuerySet[Visit]:
    signed = VisitNote.objects.filter(visit=OuterRef("pk"), status="final")
    over = visits.filter(status=VisitStatus.FINISHED, finished_at__gt=now - UNSIGNED_BACK)
    return over.filter(~Q(Exists(signed))).order_by("finished_at")


def _visit(request: ClinicRequest, pk: UUID) -> Visit:
    return get_object_or_404(Visit.objects.visible_to(request.user).select_related(*PEOPLE), pk=pk)


Act = Callable[[ClinicRequest, Visit], object]


def _verb(act: Act, *needed: Permission) -> View:
    """A plain POST that acts and goes back to the visit's page, with what was refused in words."""

    @door(*needed)
    @require_POST
    def view(request: ClinicRequest, pk: UUID) -> HttpResponse:
        visit = _visit(request, pk)
        try:
            act(request, visit)
        except VisitRefused as refusal:
            messages.error(request, refusal.message)
        back = request.POST.get("back") == "list" and "desk-visits"
        return redirect(back or visit.desk_path)

    return view


def _cancel(request: ClinicRequest, visit: Visit) -> None:
    form = CancelForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    actions.cancel(visit=visit, reason=reason, actor=request.user)


def _delay(request: ClinicRequest, visit: Visit) -> None:
    form = DelayForm(request.POST)
    if not form.is_valid():
        raise VisitRefused("delay", _("Say the delay in minutes."))
    actions.say_delay(visit=visit, minutes=form.cleaned_data["minutes"], actor=request.user)


def _sign(request: ClinicRequest, visit: Visit) -> None:
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise VisitRefused("invalid", faults(form))
    data = form.cleaned_data
    note = actions.save_note(visit=visit, **data, actor=request.user)
    actions.sign_note(note=note, next_step=data["next_step"], next_step_on=data["next_step_on"], actor=request.user)
    messages.success(request, _("Signed."))


def _correct(request: ClinicRequest, visit: Visit) -> None:
    form = NoteForm(request.POST)
    note = get_object_or_404(VisitNote.objects.visible_to(request.user).filter(visit=visit, status="final"))
    if not form.is_valid():
        raise VisitRefused("invalid", faults(form))
    actions.correct_note(note=note, **form.cleaned_data, actor=request.user)
    messages.success(request, _("Corrected by a new signed note."))


admit = _verb(lambda request, visit: actions.admit(visit=visit, actor=request.user), Permission.HOLD_VISITS)
take_over = _verb(lambda request, visit: actions.take_over(visit=visit, actor=request.user), Permission.HOLD_VISITS)
hold_by_phone = _verb(
    lambda request, visit: actions.hold_by_phone(visit=visit, actor=request.user), Permission.HOLD_VISITS
)
finish = _verb(lambda request, visit: actions.finish(visit=visit, actor=request.user), Permission.HOLD_VISITS)
delay = _verb(_delay, Permission.BOOK_VISITS)
cancel = _verb(_cancel, Permission.BOOK_VISITS)
sign = _verb(_sign, Permission.HOLD_VISITS)
correct = _verb(_correct, Permission.HOLD_VISITS)
