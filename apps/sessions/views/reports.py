"""REMS forms and adverse events at the desk: what is owed, what it says, that it was handed in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.doors import View, door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.sessions import actions
from apps.sessions.evidence import local_day
from apps.sessions.forms import faults
from apps.sessions.models import DosingSession, RemsForm
from apps.sessions.pdf import rems_pdf
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.rems_content import as_csv, as_json, digest_of_form, rems_content
from apps.sessions.report_forms import AdverseEventForm, SubmissionForm

SESSION = ("session__patient", "session__course", "session__clinic", "session__opened_by__user", "submitted_by__user")


@door(Permission.SEE_CLINICAL)
@require_GET
def forms_owed(request: ClinicRequest) -> HttpResponse:
    """Every form that is owed, the nearest day first, and those handed in lately."""
    rows = RemsForm.objects.visible_to(request.user).select_related(*SESSION)
    owed = list(rows.filter(submitted_at__isnull=True).order_by("due_on")[:200])
    done = list(rows.filter(submitted_at__isnull=False).order_by("-submitted_at")[:50])
    audit.record_seen([*owed, *done], actor_id=request.user.pk, detail="rems forms")
    today = local_day(owed[0].session, clock.now()) if owed else None
    lines = [(form, (form.due_on - today).days) for form in owed] if today else []
    return render(request, "sessions/rems_list.html", {"nav": "sessions", "owed": lines, "done": done})


@door(Permission.SEE_CLINICAL)
@require_GET
def rems_form(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One form, as the evidence fills it."""
    form = _form(request, pk)
    context = {
        "nav": "sessions",
        "form": form,
        "session": form.session,
        "patient": form.session.patient,
        "content": rems_content(form.session),
        "submission": SubmissionForm(),
        "changed": bool(form.content_digest) and form.content_digest != digest_of_form(form.session),
        "may_submit": request.user.may(Permission.GIVE_DOSES) and form.submitted_at is None,
    }
    audit.record_seen([form, form.session], actor_id=request.user.pk, detail="rems form")
    return render(request, "sessions/rems_show.html", context)


def _form(request: ClinicRequest, pk: UUID) -> RemsForm:
    return get_object_or_404(RemsForm.objects.visible_to(request.user).select_related(*SESSION), pk=pk)


def _file(kind: str, make: Any) -> View:
    """The form as a file; who took it is audited."""

    @door(Permission.SEE_CLINICAL)
    @require_GET
    def view(request: ClinicRequest, pk: UUID) -> HttpResponse:
        form = _form(request, pk)
        audit.record_seen([form], actor_id=request.user.pk, detail=f"rems form {kind}")
        content_type = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8", "json": "application/json"}[kind]
        answer = HttpResponse(make(request, form.session), content_type=content_type)
        answer["Content-Disposition"] = f'attachment; filename="monitoring-{form.due_on.isoformat()}.{kind}"'
        return answer

    return view


def _pdf(request: ClinicRequest, session: DosingSession) -> bytes:
    at = clock.now().astimezone(clock.zone_of(session.clinic.time_zone))
    return rems_pdf(
        session, _("Printed %(at)s by %(name)s") % {"at": f"{at:%Y-%m-%d %H:%M}", "name": request.user.name}
    )


rems_as_pdf = _file("pdf", _pdf)
rems_as_csv = _file("csv", lambda _request, session: as_csv(session))
rems_as_json = _file("json", lambda _request, session: as_json(session))


@door(Permission.GIVE_DOSES)
@require_POST
def submitted(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Note that somebody handed it in, how, and with which confirmation."""
    form = _form(request, pk)
    told = SubmissionForm(request.POST)
    try:
        if not told.is_valid():
            raise TreatmentRefused("invalid", faults(told))
        digest = digest_of_form(form.session)
        actions.note_submission(form=form, **told.cleaned_data, digest=digest, actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("rems-form", pk)


@door(Permission.WRITE_OBSERVATIONS)
@require_POST
def adverse_event(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Write down something bad that happened in or after this session."""
    rows = DosingSession.objects.visible_to(request.user).select_related("patient__clinic", "clinic")
    session = get_object_or_404(rows, pk=pk)
    form = AdverseEventForm(request.POST)
    try:
        if not form.is_valid():
            raise TreatmentRefused("invalid", faults(form))
        happened = form.happened(_moment(session))
        actions.report_adverse_event(patient=session.patient, session=session, happened=happened, actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Written down."))
    return redirect(session.path)


def _moment(session: DosingSession) -> datetime:
    """Times of the form are of the session's day, by the clinic's clock."""
    return session.opened_at.astimezone(clock.zone_of(session.clinic.time_zone))
