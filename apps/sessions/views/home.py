"""A session at home: opened at the desk, watched on the page of whoever is there, which needs no account."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.core import clock
from apps.monitoring.vital_signs import PLAUSIBLE
from apps.patients.guest_doors import guest_door
from apps.patients.models import GuestLink, LinkPurpose
from apps.patients.views.helpers_asked import answer_page
from apps.sessions import actions
from apps.sessions.actions.home import ended_lately
from apps.sessions.models import Course, DosingSession, HomeWatch, LookIn, LookInKind
from apps.sessions.refusal import TreatmentRefused

ANSWERS = (LookInKind.FINE, LookInKind.SLEEPY, LookInKind.WORRIED, LookInKind.HARD_TO_WAKE)


class SignsForm(forms.Form):
    """What the cuff and the finger clip show."""

    sbp = forms.IntegerField(label=_("Upper number"))
    dbp = forms.IntegerField(label=_("Lower number"))
    hr = forms.IntegerField(label=_("Pulse"), required=False)
    spo2 = forms.IntegerField(label=_("Oxygen, %"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            low, high = PLAUSIBLE[name]
            field.widget.attrs |= {"min": low, "max": high, "inputmode": "numeric"}

    def signs(self) -> dict[str, int]:
        """Only what was read."""
        return {name: value for name, value in self.cleaned_data.items() if value is not None}


@door(Permission.GIVE_DOSES)
@require_POST
def open_at_home(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The person of this course is at home, with the adult of the chosen link."""
    course = get_object_or_404(Course.objects.visible_to(request.user).select_related("patient", "clinic"), pk=pk)
    links = GuestLink.objects.visible_to(request.user).filter(patient=course.patient, purpose=LinkPurpose.PEER)
    link = next((one for one in links if str(one.pk) == request.POST.get("link")), None)
    try:
        if link is None:
            raise TreatmentRefused("home-peer", str(_("A named adult must have said yes to being there.")))
        session = actions.open_home_session(course=course, link=link, actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("treatment", course.patient_id)
    return redirect(session.path)


@door(Permission.GIVE_DOSES)
@require_POST
def video(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """do=visit: the session's own video visit; else staff see and hear the person by other means."""
    session = get_object_or_404(DosingSession.objects.visible_to(request.user), pk=pk)
    try:
        if request.POST.get("do") == "visit":
            return redirect("desk-visit", actions.start_home_video(session=session, actor=request.user).pk)
        actions.confirm_video(session=session, actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    return redirect(session.path)


@require_http_methods(["GET", "POST"])
@guest_door(LinkPurpose.PEER)
def beside(request: HttpRequest, link: GuestLink, token: str) -> HttpResponse:
    """/with/<token>/: before a session yes or no; while it goes on look-ins, readings, help; after it, for a day, help."""
    watch = _watch(link)
    if watch is None:
        unheard = request.method == "POST" and request.POST.get("do") not in ("yes", "no")
        return answer_page(request, link, token, unheard=unheard)
    refused, form, code = "", SignsForm(), 200
    if request.method == "POST":
        form = SignsForm(request.POST if request.POST.get("do") == "signs" else None)
        try:
            _do(request, link, form)
        except TreatmentRefused as refusal:
            refused = refusal.message
        if not refused and not form.errors:
            return redirect(request.path)
        code = 422
    context = _shown(link, watch.session, token) | {"form": form, "refused": refused}
    return render(request, "sessions/beside_show.html", context, status=code)


def _watch(link: GuestLink) -> HomeWatch | None:
    """Of the session that goes on, or that ended within a day."""
    watch = HomeWatch.objects.filter(link=link).select_related("session").order_by("-session__opened_at").first()
    return watch if watch is not None and (watch.session.is_open or ended_lately(watch.session)) else None


def _do(request: HttpRequest, link: GuestLink, form: SignsForm) -> None:
    client_id = _uuid(request.POST.get("client_id", ""))
    if request.POST.get("do") == "signs":
        if form.is_valid():
            actions.read_at_home(link=link, signs=form.signs(), client_id=client_id)
        return
    due = _moment(request.POST.get("due", ""))
    actions.answer_look_in(link=link, how=request.POST.get("how", ""), client_id=client_id, due_at=due)


def _shown(link: GuestLink, session: DosingSession, token: str) -> dict[str, Any]:
    now, watch = clock.now(), HomeWatch.objects.get(link=link, session=session)
    rows = list(LookIn.objects.filter(session=session).order_by("-answered_at")[:6])
    return {
        "link": link,
        "patient": link.patient,
        "token": token,
        "watch": watch,
        "session": session,
        "is_over": not session.is_open,
        "is_due": watch.look_in_due_at is not None and watch.look_in_due_at <= now,
        "answers": [(kind.value, kind.label) for kind in ANSWERS],
        "rows": rows,
        "helped": any(row.how == LookInKind.HELP and now - row.answered_at < timedelta(hours=1) for row in rows),
        "recovery_asked": session.dose_ended_at is not None and now - session.dose_ended_at >= timedelta(minutes=60),
        "ids": [uuid4() for _each in range(4)],
    }


def _uuid(text: str) -> UUID:
    """The browser's name for what was tapped; without one, a new name."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _moment(text: str) -> datetime | None:
    """With its zone; anything else is no moment."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
