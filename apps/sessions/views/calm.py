"""Music and exercises for before, during and after a session: played in the person's browser, from the clinic alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.clinic_settings import settings_of
from apps.accounts.doors import door
from apps.accounts.models import Clinic
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.sessions import actions
from apps.sessions.calm_words import WORDS
from apps.sessions.models import CalmExercise, CalmTrack, DosingSession, TrackKind
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.calm import SHIPPED, Pace, byte_range
from apps.sessions.views.session_day import patient_of


@door(Permission.OWN_RECORD)
@require_GET
def calm(request: ClinicRequest) -> HttpResponse:
    """The player and the exercises."""
    patient = patient_of(request)
    tracks = list(CalmTrack.objects.filter(clinic=patient.clinic, withdrawn_at__isnull=True).defer("content"))
    context = {
        "nav": "more",
        "music": [one for one in tracks if one.kind == TrackKind.MUSIC],
        "calmer": [one for one in tracks if one.kind == TrackKind.CALMER],
        "exercises": exercises_of(patient.clinic),
        "in_session": DosingSession.objects.filter(patient=patient, status="in-progress").exists(),
    }
    return render(request, "sessions/day_calm.html", context)


@dataclass(frozen=True, slots=True)
class Exercise:
    """As the page prints it."""

    key: str
    title: str
    lines: tuple[str, ...]
    pace: Pace


def exercises_of(clinic: Clinic) -> list[Exercise]:
    """The clinic's own, then those that ship unless it has switched them off."""
    rows = CalmExercise.objects.filter(clinic=clinic, withdrawn_at__isnull=True)
    own = [
        Exercise(str(row.pk), row.title, tuple(row.lines), Pace(row.breathe_in, row.hold, row.breathe_out, row.minutes))
        for row in rows
    ]
    if not settings_of(clinic)["calm_exercises_shipped"]:
        return own
    shipped = [(key, WORDS[key], pace) for key, pace in SHIPPED.items()]
    return own + [Exercise(key, str(title), tuple(map(str, lines)), pace) for key, (title, lines), pace in shipped]


@door(Permission.OWN_RECORD, Permission.SEE_CLINICAL)
@require_GET
def track(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The sound, whole or the piece that a browser asks for; of one's own clinic (row-level security)."""
    found = get_object_or_404(CalmTrack.objects.filter(withdrawn_at__isnull=True), pk=pk)
    data, asked = bytes(found.content), request.headers.get("Range", "")
    span = byte_range(asked, len(data)) if asked else (0, len(data) - 1)
    if span is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    answer = HttpResponse(data[span[0] : span[1] + 1], content_type=found.media_type, status=206 if asked else 200)
    if asked:
        answer["Content-Range"] = f"bytes {span[0]}-{span[1]}/{len(data)}"
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "private, max-age=86400"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


@door(Permission.OWN_RECORD)
@require_POST
def heard(request: ClinicRequest) -> JsonResponse:
    """what=begins, calmer, stopped (track) or exercise; kept only while the person is in a session."""
    patient = patient_of(request)
    try:
        event = actions.note_heard(
            patient=patient,
            what=request.POST.get("what", ""),
            title=_title(patient.clinic, request.POST),
            client_id=_uuid(request.POST.get("client_id", "")) or uuid4(),
            actor=request.user,
        )
    except TreatmentRefused as refusal:
        return JsonResponse({"code": refusal.code, "message": refusal.message}, status=409)
    return JsonResponse({"kept": event is not None})


def _title(clinic: Clinic, post: Any) -> str:
    """By what the clinic offers, never by what is sent."""
    if post.get("what") == "exercise":
        found = {one.key: one.title for one in exercises_of(clinic)}
        return found.get(post.get("key", ""), "")
    pk = _uuid(post.get("key", ""))
    if pk is None:
        return ""
    return CalmTrack.objects.filter(clinic=clinic, pk=pk).values_list("title", flat=True).first() or ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
