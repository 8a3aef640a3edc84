"""Notifications to browsers (Push API): encrypted for the browser (RFC 8291), signed by the installation (RFC 8292).

The push service sees whom and when, never what; the lock screen shows the subject, which says nothing clinical. There
is no idempotency key: the notification carries the delivery as its tag, so that a repeat takes the first one's place.
"""

import json
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from pywebpush import WebPusher

from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.notifications.models import PushSubscription
from apps.notifications.push_services import is_push_service, signer
from apps.notifications.transports import Accepted, Letter, Refused
from apps.notifications.transports.wire import LASTING, Wire, ensure_accepted

GONE: Final = (404, 410)
KEEP_SECONDS: Final = {True: 3600, False: 4 * 3600}  # how long the push service waits for a browser that is off
SIGNED_SECONDS: Final = 6 * 3600


class WebPush:
    """One encrypted POST to the browser's push service."""

    def __init__(self) -> None:
        self._wire = Wire()

    def send(self, letter: Letter) -> Accepted:
        device = _device(letter)
        if not is_push_service(device.endpoint):
            raise Refused("not a push service that is allowed", lasting=True)
        response = self._wire.post(device.endpoint, headers=_headers(device, letter), content=_sealed(device, letter))
        if response.status_code in GONE:
            _forget(device)
        ensure_accepted(response, lasting={*LASTING, *GONE})
        return Accepted(provider_id=response.headers.get("location", "")[-200:])


def _device(letter: Letter) -> PushSubscription:
    try:
        number = UUID(letter.address)
    except ValueError:
        raise Refused("no such device", lasting=True) from None
    if letter.clinic_id is None:
        raise Refused("no such device", lasting=True)
    with use_clinic(letter.clinic_id), transaction.atomic():
        device = PushSubscription.objects.filter(pk=number).first()
    if device is None:
        raise Refused("no such device", lasting=True)
    return device


def _sealed(device: PushSubscription, letter: Letter) -> bytes:
    path = urlsplit(letter.link).path if letter.link.startswith(settings.PUBLIC_URL) else "/"
    said = {"text": letter.subject, "path": path, "token": letter.token, "urgent": letter.urgent}
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    try:
        return bytes(WebPusher({"endpoint": device.endpoint, "keys": keys}).encode(json.dumps(said).encode())["body"])
    except ValueError as error:
        raise Refused("keys of the device", lasting=True) from error


def _headers(device: PushSubscription, letter: Letter) -> dict[str, str]:
    parts = urlsplit(device.endpoint)
    claims = {
        "sub": settings.VAPID_CONTACT,
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(clock.now().timestamp()) + SIGNED_SECONDS,
    }
    return {
        "Authorization": str(signer().sign(claims)["Authorization"]),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEEP_SECONDS[letter.urgent]),
        "Urgency": "high" if letter.urgent else "normal",
    }


def _forget(device: PushSubscription) -> None:
    with use_clinic(device.clinic_id), transaction.atomic():
        device.delete()
