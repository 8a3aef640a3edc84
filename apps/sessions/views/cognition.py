"""The reaction and memory task, in the person's browser. The server knows which words were shown, not the page."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID, uuid4

from django.core import signing
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.patients.models import Patient
from apps.sessions import actions
from apps.sessions.actions.cognition import too_near_a_dose
from apps.sessions.cognition_words import WORDS
from apps.sessions.models import CognitionResult
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.cognition import TRIES, Task, task_of
from apps.sessions.views.session_day import patient_of

SALT = "sessions.cognition"
VALID_S = 3600
LONGEST = 8  # digits


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def cognition(request: ClinicRequest) -> HttpResponse:
    """GET a new task; POST what was measured."""
    patient = patient_of(request)
    if request.method != "POST":
        return _page(request, patient)
    try:
        seed, client_id = signing.loads(request.POST.get("task", ""), salt=SALT, max_age=VALID_S)
        numbers = _numbers(request.POST.get("reactions", "").split(","))
        picks = set(_numbers(request.POST.getlist("word")))
        early = _numbers([request.POST.get("early", "0")]) or [0]
        result = actions.keep_cognition(
            patient=patient,
            task=task_of(seed),
            reactions=numbers,
            early=early[0],
            picks=picks,
            client_id=UUID(client_id),
            actor=request.user,
        )
    except signing.BadSignature:
        return _page(request, patient, refused=_("This lay too long. Please do it once more."), status=422)
    except TreatmentRefused as refusal:
        return _page(request, patient, refused=refusal.message, status=422)
    return _page(request, patient, result=result)


def _numbers(texts: list[str]) -> list[int]:
    """What is written as a number that a person could have made."""
    return [int(one) for one in texts if one.isascii() and one.isdecimal() and len(one) <= LONGEST]


def _page(
    request: ClinicRequest,
    patient: Patient,
    *,
    result: CognitionResult | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    seed = secrets.randbits(48)
    task: Task = task_of(seed)
    context: dict[str, Any] = {
        "nav": "more",
        "result": result,
        "refused": refused,
        "wait": too_near_a_dose(patient),
        "task": signing.dumps([seed, str(uuid4())], salt=SALT),
        "shown": [WORDS[one] for one in task.shown],
        "among": [(one, WORDS[one]) for one in task.among],
        "tries": TRIES,
    }
    return render(request, "sessions/day_reaction.html", context, status=status)
