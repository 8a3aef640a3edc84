"""Put a message to a person into the outbox, take it back, note that it arrived. Sending is apps.notifications.sending.

Callers write in their own transaction, so that the fact and its message are committed together or not at all.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Coalesce

from apps.core import clock
from apps.core.failpoints import failpoint
from apps.core.live import wake_pump
from apps.notifications.models import Channel, Delivery, Kind, State

NOT_DELIVERED = "the provider could not deliver it"


@transaction.atomic
def queue(
    *,
    clinic_id: UUID,
    kind: str,
    dedupe_key: str,
    subject_kind: str,
    subject_id: UUID | None,
    recipient_id: UUID,
    channel: str,
    address: str,
    template: str,
    context: Mapping[str, str],
    language: str = "en",
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    synthetic: bool = False,
) -> Delivery | None:
    """Add one delivery, due at `not_before` (default: now); None when its key is there already.

    kind, channel: values of Kind and Channel. context: words for the template, nothing clinical, all of them
    strings: "clinic" (its name), "code" (of an alert), "link" (a path or an address), "calendar" (a mail's file). An
    in-app one is delivered at once: the page shows the row itself. Needs the clinic in scope.
    """
    row = Delivery(
        clinic_id=clinic_id,
        kind=Kind(kind),
        dedupe_key=dedupe_key,
        subject_kind=subject_kind,
        subject_id=subject_id,
        recipient_id=recipient_id,
        channel=Channel(channel),
        address=address,
        template=template,
        context=dict(context),
        language=language,
        not_before=not_before or clock.now(),
        expires_at=expires_at,
        synthetic=synthetic,
    )
    if row.channel == Channel.IN_APP:
        _show_at_once(row)
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    failpoint("queue.after-insert")
    if (written := Delivery.objects.filter(pk=row.pk).first()) is not None and written.state == State.PENDING:
        wake_pump()
    return written


@transaction.atomic
def queue_all(rows: Sequence[Delivery]) -> None:
    """Add many in one statement, as `queue` adds one; those whose key is there already are left out. None is in-app."""
    if rows:
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        failpoint("queue.after-insert")
        wake_pump()


def _show_at_once(row: Delivery) -> None:
    row.state = State.DELIVERED
    row.sent_at = row.delivered_at = clock.now()


def cancel(*, subject_kind: str, subject_id: UUID, kind: str | None = None) -> int:
    """Take back what has not gone out about that subject (of one Kind, or all); how many rows.

    A message that is on the wire at this moment may still arrive.
    """
    rows = Delivery.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    if kind is not None:
        rows = rows.filter(kind=kind)
    return _cancel(rows, reason="withdrawn")


@transaction.atomic
def postpone(*, subject_kind: str, subject_id: UUID, not_before: datetime) -> Delivery | None:
    """Give what has not gone out about that subject another time; the delivery, or None when nothing waits.

    Of several, the newest goes out then and the others are taken back. One that is on the wire at this moment counts
    as gone.
    """
    waiting = Delivery.objects.filter(
        subject_kind=subject_kind, subject_id=subject_id, state__in=[State.PENDING, State.LEASED]
    )
    rows = list(waiting.select_for_update().order_by("created_at", "id"))
    if not rows:
        return None
    _cancel(waiting.exclude(pk=rows[-1].pk), reason="one later message is wanted")
    waiting.filter(pk=rows[-1].pk).update(
        state=State.PENDING, not_before=not_before, lease_owner=None, lease_until=None
    )
    return rows[-1]


def note_receipt(*, delivery_id: UUID, opened: bool = False, at: datetime | None = None) -> bool:
    """Note that a message reached the person (opened: and that they opened it). False for an unknown id.

    Never backwards: a first time stands, and a receipt that overtakes the answer of the provider ends the sending.
    """
    moment = at or clock.now()
    changes: dict[str, object] = {
        "delivered_at": Coalesce("delivered_at", Value(moment)),
        "state": Case(When(state=State.CANCELLED, then=Value(State.CANCELLED)), default=Value(State.DELIVERED)),
    }
    if opened:
        changes["opened_at"] = Coalesce("opened_at", Value(moment))
    return Delivery.objects.filter(pk=delivery_id).update(**changes) == 1


def note_answered(*, delivery_id: UUID) -> bool:
    """The person acted on it: a page was accepted, a form handed in. It has arrived, then, and was opened."""
    now = clock.now()
    changed = note_receipt(delivery_id=delivery_id, opened=True, at=now)
    Delivery.objects.filter(pk=delivery_id).update(answered_at=Coalesce("answered_at", Value(now)))
    return changed


def note_subject_answered(*, subject_kind: str, subject_id: UUID) -> int:
    """What the messages about that subject asked for is done; how many had gone out.

    No proof that one of them arrived: the person may have come by another way.
    """
    out = Delivery.objects.filter(subject_kind=subject_kind, subject_id=subject_id, answered_at__isnull=True)
    return out.filter(state__in=[State.SENT, State.DELIVERED, State.UNKNOWN]).update(answered_at=clock.now())


def note_failed_receipt(*, delivery_id: UUID) -> Delivery | None:
    """The provider took it and could not deliver it: the delivery, the first time that this is told; else None.

    Nothing for one that has arrived. It stays `sent`: whether it is tried otherwise is the caller's matter.
    """
    rows = Delivery.objects.filter(pk=delivery_id, state=State.SENT).exclude(last_error=NOT_DELIVERED)
    if not rows.update(last_error=NOT_DELIVERED):
        return None
    return Delivery.objects.get(pk=delivery_id)


def drop_older(*, than: datetime) -> int:
    """After a restore: messages that were due before that moment may have gone out already; how many are let go.

    Alerts never: a page too many is better than one too few.
    """
    rows = Delivery.objects.filter(not_before__lt=than).exclude(kind=Kind.ALERT)
    return _cancel(rows, reason="dropped after a restore")


def _cancel(rows: QuerySet[Delivery], *, reason: str) -> int:
    return rows.filter(state__in=[State.PENDING, State.LEASED]).update(
        state=State.CANCELLED, lease_owner=None, lease_until=None, last_error=reason
    )
