"""Browsers that take notifications for a person: add one, try it, take it away. Each is a contact point as well."""

import base64
import binascii
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import ContactPoint, User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core.ids import new_id
from apps.notifications.actions import queue
from apps.notifications.models import Channel, Kind, PushSubscription
from apps.notifications.push_services import is_push_service

MOST_DEVICES: Final = 10
LONGEST: Final = 1000  # letters of an address
POINT_BYTES, SECRET_BYTES = 65, 16  # RFC 8291: an uncompressed point of P-256, a secret
FIRST: Final = 0  # rank: before text messages and mail


def devices_of(user: User) -> QuerySet[PushSubscription]:
    """The person's own in the clinic in force, newest first."""
    member = user.membership
    if member is None:
        return PushSubscription.objects.none()
    return PushSubscription.objects.filter(clinic_id=member.clinic_id, user_id=user.pk).order_by("-created_at")


@transaction.atomic
def add_device(*, actor: User, endpoint: str, p256dh: str, auth: str, label: str) -> PushSubscription:
    """The browser's subscription becomes the first way to reach its person; the same again changes its keys.

    Raises ValidationError for an address that is no push service, keys that are none, or too many devices.
    """
    member = actor.membership
    if member is None or len(endpoint) > LONGEST or not is_push_service(endpoint):
        raise ValidationError(_("This browser's push service is not known here."))
    if (_length(p256dh), _length(auth)) != (POINT_BYTES, SECRET_BYTES):
        raise ValidationError(_("The keys of the browser are not complete. Try again."))
    known = devices_of(actor).filter(endpoint=endpoint).first()
    if known is None and devices_of(actor).count() >= MOST_DEVICES:
        raise ValidationError(_("Take an old device away first."))
    row = known or PushSubscription(clinic_id=member.clinic_id, user_id=actor.pk, endpoint=endpoint)
    row.p256dh, row.auth = p256dh, auth
    row.label = label.replace("\x00", "").strip()[:80] or _("Browser")
    row.save()
    point, made = ContactPoint.objects.get_or_create(
        clinic_id=member.clinic_id, user=actor, channel=Channel.PUSH, address=str(row.pk), defaults={"rank": FIRST}
    )
    audit.record(action=Action.CREATE if made else Action.UPDATE, actor_id=actor.pk, obj=point, detail="device")
    return row


@transaction.atomic
def remove_device(*, actor: User, device: PushSubscription) -> None:
    """Nothing is sent there any more."""
    point = ContactPoint.objects.filter(user=actor, channel=Channel.PUSH, address=str(device.pk)).first()
    if point is not None:
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=point, detail="device-removed")
        point.delete()
    device.delete()


def try_device(*, actor: User, device: PushSubscription) -> None:
    """Send a notification that says that notifications come."""
    queue(
        clinic_id=device.clinic_id,
        kind=Kind.ACCOUNT,
        dedupe_key=f"device-test:{new_id()}",
        subject_kind="device",
        subject_id=device.pk,
        recipient_id=actor.pk,
        channel=Channel.PUSH,
        address=str(device.pk),
        template="push-test",
        context={"link": "/account/devices/"},
        language=actor.language,
    )


def _length(text: str) -> int:
    """Bytes of base64url; -1 for anything else."""
    try:
        return len(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        return -1
