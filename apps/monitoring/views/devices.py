"""The way in for devices: `POST /api/v1/device-readings/` with `Authorization: Device <token>`.

Plain Django instead of the API's classes, since devices send in bulk: body, checks and one INSERT.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts.doors import public
from apps.core.db.scope import use_clinic
from apps.monitoring import actions
from apps.monitoring.actions.observations import Recorded
from apps.monitoring.observations import body
from apps.monitoring.observations.reading import BodyRefused
from apps.monitoring.refusals import SurveyRefused


def way_in(then: Callable[[Recorded], object]) -> Callable[[HttpRequest], HttpResponseBase]:
    """The view; `then` is called with what was stored, in the same transaction."""

    @csrf_exempt
    @require_POST
    @public("a device, by its own token: it writes its readings and sees nothing")
    def device_readings(request: HttpRequest) -> JsonResponse:
        return _take(request, then)

    return device_readings


def _take(request: HttpRequest, then: Callable[[Recorded], object]) -> JsonResponse:
    """200 {"created", "repeated", "refused": [{"index", "code"}]}; a refused reading stops no other one.

    401: no living token. 400, 413, 422: the body as a whole cannot be read, and nothing of it is stored.
    """
    found = actions.find_device(_token(request))
    if found is None:
        return _problem("not-a-device", "This device is not known here.", 401)
    try:
        readings = body.readings_of(request.body)
        with use_clinic(found.clinic_id), transaction.atomic():
            done = actions.record_from_device(found=found, readings=readings)
            if done.created:
                then(done)
    except BodyRefused as refusal:
        return _problem(refusal.code, refusal.message, refusal.status)
    except SurveyRefused as refusal:
        return _problem(refusal.code, refusal.message, 401)
    refused = [{"index": index, "code": code} for index, code in sorted(done.refused.items())]
    return JsonResponse({"created": len(done.created), "repeated": done.repeated, "refused": refused})


def _token(request: HttpRequest) -> str:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "device" else ""


def _problem(code: str, detail: str, status: int) -> JsonResponse:
    found = {"type": f"urn:telek:problem:{code}", "status": status, "detail": detail}
    return JsonResponse(found, status=status, content_type="application/problem+json")
