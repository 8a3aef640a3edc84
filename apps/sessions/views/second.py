"""The second signature by passkey: the browser asks for a challenge and hands in the answer of the colleague's device."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse
from django.views.decorators.http import require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.sessions import passkeys
from apps.sessions.actions.countersign import colleague
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.topics import as_uuid


@door(Permission.GIVE_DOSES)
@require_POST
def second_passkey(request: ClinicRequest) -> JsonResponse:
    """second: a colleague. Without `answer` the question for their device; with it {"proof"} for the form's next seconds."""
    given = request.POST
    try:
        member = colleague(as_uuid(given.get("second", "")), actor=request.user)
        if "answer" not in given:
            return JsonResponse({"ask": passkeys.begin(request.session, member)})
        return JsonResponse({"proof": passkeys.prove(request.session, member, _read(given["answer"]), request.user)})
    except TreatmentRefused as refusal:
        return JsonResponse({"code": refusal.code, "words": refusal.message}, status=HTTPStatus.CONFLICT)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
