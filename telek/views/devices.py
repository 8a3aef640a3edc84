"""The page on which a person lets this browser notify them, tries it, and takes devices away; and the browser's receipts."""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import devices
from apps.accounts.doors import door, public
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.core.throttle import allow
from apps.notifications.keys import delivery_of_token
from apps.notifications.push_services import application_key
from telek import heard

TRIES, WITHIN = 5, timedelta(minutes=5)
EVERYBODY: Final = (Permission.OWN_RECORD, Permission.HANDLE_ALERTS, Permission.MANAGE_CLINIC)
FIELDS: Final = ("endpoint", "p256dh", "auth", "label")


@require_GET
@door(*EVERYBODY)
def device_list(request: ClinicRequest) -> HttpResponse:
    """The person's browsers, and a button that adds this one."""
    context = {"devices": devices.devices_of(request.user), "key": application_key()}
    return render(request, "accounts/device_list.html", context)


@require_POST
@door(*EVERYBODY)
def add(request: ClinicRequest) -> HttpResponse:
    """JSON {endpoint, p256dh, auth, label}: 201, or 400 with a reason in words."""
    try:
        given = json.loads(request.body)
        words = {name: str(given[name]) for name in FIELDS}
        device = devices.add_device(actor=request.user, **words)
    except ValidationError as error:
        return JsonResponse({"error": " ".join(error.messages)}, status=HTTPStatus.BAD_REQUEST)
    except (ValueError, TypeError, KeyError, RecursionError):
        return JsonResponse({"error": _("That is no subscription.")}, status=HTTPStatus.BAD_REQUEST)
    return JsonResponse({"id": str(device.pk)}, status=HTTPStatus.CREATED)


@require_POST
@door(*EVERYBODY)
def test(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Send a notification there."""
    device = get_object_or_404(devices.devices_of(request.user), pk=pk)
    if allow(f"device-test:{request.user.pk}", limit=TRIES, within=WITHIN):
        devices.try_device(actor=request.user, device=device)
        messages.success(request, _("Sent. It should appear within a few seconds."))
    else:
        messages.error(request, _("Too many tries. Wait a few minutes."))
    return redirect("devices")


@require_POST
@door(*EVERYBODY)
def remove(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Take a device away."""
    devices.remove_device(actor=request.user, device=get_object_or_404(devices.devices_of(request.user), pk=pk))
    messages.success(request, _("Taken away. Nothing is sent there any more."))
    return redirect("devices")


@public("the browser that showed a notification says so; the token came with it")
@csrf_exempt
@require_POST
def seen(request: HttpRequest, token: str) -> HttpResponse:
    """what=delivered or opened: 204; 404 for a token that nobody made."""
    delivery_id = delivery_of_token(token)
    what = request.POST.get("what", "")
    known = delivery_id is not None and heard.note(delivery_id, what if what in (heard.DELIVERED, heard.OPENED) else "")
    return HttpResponse(status=HTTPStatus.NO_CONTENT if known else HTTPStatus.NOT_FOUND)
