"""The person's own visits: list, device check, waiting room and call on one page, phone instead, cancel, calendar."""

from http import HTTPStatus
from uuid import UUID

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
from apps.patients.models import Patient, Whereabouts
from apps.sessions import actions
from apps.sessions.after_dose import window_of
from apps.sessions.forms import ArriveForm, CancelForm, WishForm
from apps.sessions.invite import calendar_of
from apps.sessions.models import LIVE, Visit, VisitStatus
from apps.sessions.open_times import booking_rules
from apps.sessions.record import PEOPLE
from apps.sessions.refusal import VisitRefused
from apps.sessions.visit_rules import EARLIEST_ARRIVAL, expected_at, may_arrive

PAST_SHOWN = 10


@door(Permission.OWN_RECORD)
@require_GET
def visits(request: ClinicRequest) -> HttpResponse:
    """What is ahead, what was, and a way to ask for a visit."""
    return _list(request, WishForm())


@door(Permission.OWN_RECORD)
@require_POST
def ask(request: ClinicRequest) -> HttpResponse:
    """Ask for a visit, or (field visit) for another time of one."""
    form = WishForm(request.POST)
    if not form.is_valid():
        return _list(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    named = request.POST.get("visit")
    visit = _own(request, named) if named else None
    try:
        actions.ask_for_visit(
            patient=_patient(request), wish=form.cleaned_data["wish"], actor=request.user, visit=visit
        )
    except VisitRefused as refusal:
        form.add_error(None, refusal.message)
        return _list(request, form, HTTPStatus.CONFLICT)
    messages.success(request, _("Sent to your clinic. They will write to you with a time."))
    return redirect("visits")


def _list(request: ClinicRequest, form: WishForm, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    own = Visit.objects.visible_to(request.user).select_related(*PEOPLE)
    ahead = list(own.filter(status__in=LIVE).order_by("starts_at"))
    past = list(own.exclude(status__in=LIVE).order_by("-starts_at")[:PAST_SHOWN])
    audit.record_seen([*ahead, *past], actor_id=request.user.pk, detail="visits")
    patient = _patient(request)
    context = {
        "nav": "visits",
        "ahead": ahead,
        "past": past,
        "form": form,
        "patient": patient,
        "may_book": booking_rules(patient).allowed and patient.status == "active",
        "after_dose": window_of(patient),
    }
    return render(request, "sessions/visit_list.html", context, status=status)


@door(Permission.OWN_RECORD)
@require_GET
def visit(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Device check, waiting room, call and what came of it: one page, which follows the visit's state.

    ?part=waiting gives only the words about waiting.
    """
    found = _own(request, pk)
    if request.GET.get("part") == "waiting":
        return render(request, "sessions/_waiting.html", _waiting(found))
    audit.record_seen([found], actor_id=request.user.pk, detail="visit")
    return _page(request, found, _arrive_form(found))


@door(Permission.OWN_RECORD)
@require_POST
def arrive(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Enter the waiting room."""
    found = _own(request, pk)
    form = ArriveForm(request.POST, patient=found.patient)
    if not form.is_valid():
        return _page(request, found, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    answers = {name: form.cleaned_data[name] for name in ("place", "company", "call_back")}
    try:
        actions.arrive(visit=found, **answers, actor=request.user)
    except VisitRefused as refusal:
        form.add_error(None, refusal.message)
        return _page(request, found, form, HTTPStatus.CONFLICT)
    return redirect(found.path)


@door(Permission.OWN_RECORD)
@require_POST
def by_phone(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Have the visit by phone instead."""
    found = _own(request, pk)
    try:
        actions.ask_for_phone(visit=found, actor=request.user)
        messages.success(request, _("Your clinic knows that you want a phone call instead."))
    except VisitRefused as refusal:
        messages.error(request, refusal.message)
    return redirect(found.path)


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def cancel(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Ask first, then cancel."""
    found = _own(request, pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    context = {"nav": "visits", "visit": found, "form": form, "allowed": _may_cancel(found)}
    context["may_book"] = booking_rules(found.patient).allowed
    if not form.is_bound or not form.is_valid():
        return render(request, "sessions/visit_cancel.html", context)
    try:
        actions.cancel(visit=found, reason=form.cleaned_data["reason"], actor=request.user)
    except VisitRefused as refusal:
        form.add_error(None, refusal.message)
        return render(request, "sessions/visit_cancel.html", context, status=HTTPStatus.CONFLICT)
    messages.success(request, _("The visit is cancelled."))
    return redirect("visits")


@door(Permission.OWN_RECORD)
@require_GET
def calendar(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The visit for the person's own calendar."""
    found = _own(request, pk)
    return HttpResponse(
        calendar_of(found),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="visit.ics"'},
    )


def _own(request: ClinicRequest, pk: object) -> Visit:
    return get_object_or_404(Visit.objects.visible_to(request.user).select_related(*PEOPLE), pk=pk)


def _patient(request: ClinicRequest) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user).exclude(status="entered-in-error"))


def _may_cancel(found: Visit) -> bool:
    return found.status == VisitStatus.PLANNED and actions.may_still_cancel(found)


def _arrive_form(found: Visit) -> ArriveForm:
    last = Whereabouts.objects.filter(patient=found.patient).exclude(call_back="").order_by("-created_at").first()
    number = (last.call_back if last else "") or found.patient.phone
    return ArriveForm(patient=found.patient, initial={"call_back": number})


def _page(request: ClinicRequest, found: Visit, form: ArriveForm, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    said = Whereabouts.objects.filter(patient=found.patient, asked_in="visit").order_by("-created_at").first()
    context = {
        "nav": "visits",
        "form": form,
        "said": said,
        "may_arrive": may_arrive(found.starts_at, found.ends_at, clock.now()),
        "opens_at": found.starts_at - EARLIEST_ARRIVAL,
        "may_cancel": _may_cancel(found),
        **_waiting(found),
        **_after(request, found),
    }
    return render(request, "sessions/visit_show.html", context, status=status)


def _after(request: ClinicRequest, found: Visit) -> dict[str, object]:
    """What came of a visit that is over: the summary of the signed note, the next visit, how the picture was."""
    if found.status != VisitStatus.FINISHED:
        return {}
    coming = Visit.objects.visible_to(request.user).filter(status__in=LIVE, starts_at__gt=found.starts_at)
    return {
        "note": found.notes.filter(status="final").order_by("-signed_at").first(),
        "next_visit": coming.select_related(*PEOPLE).order_by("starts_at").first(),
        "may_book": booking_rules(found.patient).allowed,
        "ratings": Visit._meta.get_field("rating").choices,
    }


def _waiting(found: Visit) -> dict[str, object]:
    """Honest words need: is it late, was it said, is the clinician with somebody else?"""
    now = clock.now()
    expected = expected_at(found.starts_at, found.delay_minutes)
    others = Visit.objects.filter(clinician_id=found.clinician_id, status=VisitStatus.IN_PROGRESS).exclude(pk=found.pk)
    return {"visit": found, "now": now, "expected": expected, "late": now > expected, "busy": others.exists()}
