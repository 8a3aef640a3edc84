"""Reminders and nudges about slots, put into the outbox for many slots at once: a few statements, whatever their number."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import prefetch_related_objects

from apps.accounts.models import ContactPoint
from apps.core.ids import new_id
from apps.monitoring.links import issue_all
from apps.monitoring.models import Slot
from apps.notifications import actions as notifications
from apps.notifications.models import Channel, Delivery, Kind, State

CHANNELS = ("push", "sms", "email")
MESSAGES_AT_MOST = 2  # about one slot, over all channels
GONE_FOR_NOTHING = (State.CANCELLED, State.DEAD)


@dataclass(frozen=True, slots=True)
class SlotMessage:
    """number: 1 (reminder) or 2 (nudge). without: channels that did not work."""

    slot: Slot
    number: int
    not_before: datetime
    without: Collection[str] = ()


def queue_messages(messages: Sequence[SlotMessage]) -> None:
    """One message each; none where the person wants none, had two about the slot, or it would be too late.

    All of one clinic, which is in scope.
    """
    messages = [one for one in messages if one.not_before < one.slot.closes_at]
    if not messages:
        return
    prefetch_related_objects([one.slot for one in messages], "patient__user", "clinic")
    earlier = _earlier([one.slot.pk for one in messages])
    points = _points([one.slot.patient.user_id for one in messages])
    wanted: list[tuple[SlotMessage, ContactPoint]] = []
    for one in messages:
        states = earlier[one.slot.pk]
        out = sum(count for (_channel, state), count in states.items() if state not in GONE_FOR_NOTHING)
        point = _point(
            one, points[one.slot.patient.user_id], {channel for channel, state in states if state == State.DEAD}
        )
        if point is not None and out < MESSAGES_AT_MOST:
            wanted.append((one, point))
    _queue(wanted)


def point_for(slot: Slot, number: int, without: Sequence[str] = ()) -> ContactPoint | None:
    """The first channel that the person has left on; another one only when the first message failed for certain."""
    message = SlotMessage(slot, number, slot.opens_at, without)
    failed = {channel for channel, state in _earlier([slot.pk])[slot.pk] if state == State.DEAD}
    return _point(message, _points([slot.patient.user_id])[slot.patient.user_id], failed)


def _point(message: SlotMessage, points: Sequence[ContactPoint], failed: Collection[str]) -> ContactPoint | None:
    if message.slot.patient.reminders_off_at is not None:
        return None
    barred = {*message.without, *(failed if message.number > 1 else ())}
    return next((point for point in points if point.channel not in barred), None)


def _points(user_ids: Sequence[UUID]) -> dict[UUID, list[ContactPoint]]:
    """The ways to each person that are wired and left on, in their order."""
    wired = [channel for channel in CHANNELS if settings.TRANSPORTS.get(channel) != "none"]
    rows = ContactPoint.objects.filter(user_id__in=user_ids, opted_out_at__isnull=True, channel__in=wired)
    found: dict[UUID, list[ContactPoint]] = defaultdict(list)
    for row in rows.order_by("rank", "channel"):
        found[row.user_id].append(row)
    return found


def _earlier(slot_ids: Sequence[UUID]) -> dict[UUID, Counter[tuple[str, str]]]:
    """Of each slot: (channel, state) of its messages, counted."""
    rows = Delivery.objects.filter(subject_kind="slot", subject_id__in=slot_ids)
    found: dict[UUID, Counter[tuple[str, str]]] = defaultdict(Counter)
    for slot_id, channel, state in rows.values_list("subject_id", "channel", "state"):
        if slot_id is not None:
            found[slot_id][channel, state] += 1
    return found


def _queue(wanted: Sequence[tuple[SlotMessage, ContactPoint]]) -> None:
    ids = {one.slot.pk: new_id() for one, _point in wanted}
    by_link = [one for one, _point in wanted if one.slot.patient.links_off_at is None]  # the others share a telephone
    tokens = issue_all([(one.slot, one.not_before, ids[one.slot.pk]) for one in by_link])
    notifications.queue_all([_delivery(ids[one.slot.pk], one, point, tokens.get(one.slot.pk)) for one, point in wanted])


def _delivery(number: UUID, message: SlotMessage, point: ContactPoint, token: str | None) -> Delivery:
    slot = message.slot
    return Delivery(
        id=number,
        clinic_id=slot.clinic_id,
        kind=Kind.REMINDER,
        dedupe_key=f"rem:{slot.pk}:{point.channel}:{message.number}",
        subject_kind="slot",
        subject_id=slot.pk,
        recipient_id=slot.patient.user_id,
        channel=Channel(point.channel),
        address=point.address,
        template="survey-reminder",
        context={"clinic": slot.clinic.name, "link": "/check-in/" if token is None else f"/s/{token}/"},
        language=slot.patient.user.language,
        not_before=message.not_before,
        expires_at=slot.closes_at,
        synthetic=slot.synthetic,
    )
