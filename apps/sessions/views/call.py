"""What a call's page asks for over HTTP: the way to the other side, the device check's result, the note's draft."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.sessions import actions
from apps.sessions.forms import NoteForm, faults
from apps.sessions.models import Visit
from apps.sessions.refusal import VisitRefused
from apps.sessions.topics import visit_of
from apps.sessions.ways import way


@door(Permission.OWN_RECORD, Permission.HOLD_VISITS)
@require_POST
def ice(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Servers and credentials for this call and person, for an hour; only for its two sides, only while it lives."""
    visit = visit_of(request.user, str(pk))
    if visit is None:
        return problem(HTTPStatus.NOT_FOUND, _("There is no such visit."))
    if not visit.is_live:
        return problem(HTTPStatus.CONFLICT, _("This visit is over."))
    audit.record(action=Action.READ, actor_id=request.user.pk, obj=visit, detail="ice")
    return JsonResponse(way(visit, request.user.pk))


@door(Permission.OWN_RECORD)
@require_POST
def check(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Keep the device check's result. Fields: camera, microphone, speaker, connection, each "ok" or "failed"."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user), pk=pk)
    results = {
        name: request.POST[name] == "ok"
        for name in ("camera", "microphone", "speaker", "connection")
        if name in request.POST
    }
    try:
        actions.note_device_check(visit=visit, results=results, actor=request.user)
    except VisitRefused as refusal:
        return problem(HTTPStatus.CONFLICT, refusal.message)
    return JsonResponse({"kept": sorted(results)})


@door(Permission.HOLD_VISITS)
@require_POST
def draft(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Keep the note's draft as it is typed; answers until when it is saved."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user), pk=pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, faults(form))
    try:
        note = actions.save_note(visit=visit, **form.cleaned_data, actor=request.user)
    except VisitRefused as refusal:
        return problem(HTTPStatus.CONFLICT, refusal.message)
    return JsonResponse({"saved_at": note.saved_at})


def problem(status: HTTPStatus, words: str) -> JsonResponse:
    """Why not, as RFC 9457 says it."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": words}
    return JsonResponse(body, status=status, content_type="application/problem+json")
