"""The pump of surveys: makes slots, opens them with one reminder, nudges once, closes them. The row is the timer.

Runs as telek_pump over all clinics: due slots are claimed with SKIP LOCKED, then each is worked on under its own
clinic and in its own savepoint, so that one bad row stops nobody else's.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import Error, connection, transaction
from django.db.models import Q, prefetch_related_objects
from django.utils.translation import gettext as _

from apps.accounts.models import ContactPoint
from apps.alerts import actions as alerts
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.wall_clock import outside_quiet_hours
from apps.monitoring.answers import answers_of
from apps.monitoring.calendar import later_moments
from apps.monitoring.findings import cause_of, title_of
from apps.monitoring.instruments import blank_findings
from apps.monitoring.links import prolong
from apps.monitoring.models import ItemAnswer, Slot, SlotState
from apps.monitoring.published import definition_of
from apps.monitoring.silence import responsible
from apps.monitoring.slot_messages import MESSAGES_AT_MOST, SlotMessage, queue_messages
from apps.notifications import actions as notifications
from apps.notifications.models import Delivery, State

logger = logging.getLogger(__name__)

NUDGE_AT = 0.6  # share of the open time after which the one nudge goes out
BETWEEN_MESSAGES = timedelta(hours=1)
POISON_DELAY = timedelta(hours=1)
BROKEN = (Error, ArithmeticError, LookupError, TypeError, ValueError)  # of one row, that it keeps to itself


EVERYBODY = Q()


def open_due_slots(limit: int = 100, of: Q = EVERYBODY) -> int:
    """Open the slots whose time has come, each with its reminder, and send the nudges that are due; how many.

    of: whose slots, where only some people live in that moment (simulated pasts).
    """
    now = clock.now()
    due = Q(state=SlotState.SCHEDULED) | Q(state=SlotState.OPEN, closes_at__gt=now, nudged_at__isnull=True)
    return _claim(of & due, now, limit, _step_together)


def close_due_slots(limit: int = 100, of: Q = EVERYBODY) -> int:
    """Close the open slots whose time is over; how many. A half-answered one is judged by what it leaves blank."""
    now = clock.now()
    return _claim(of & Q(state=SlotState.OPEN, closes_at__lte=now), now, limit, _close_each)


def _claim(due: Q, now: datetime, limit: int, work: Callable[[list[Slot], datetime], None]) -> int:
    """The work is given the slots of one clinic at a time, in their order, with that clinic in scope."""
    with transaction.atomic():
        slots = Slot.objects.filter(due, next_step_at__lte=now).order_by("next_step_at", "id")
        claimed = list(slots.select_for_update(skip_locked=True)[:limit])
        for clinic_id in {slot.clinic_id: None for slot in claimed}:
            with use_clinic(clinic_id):
                work([slot for slot in claimed if slot.clinic_id == clinic_id], now)
    return len(claimed)


def _close_each(slots: Iterable[Slot], now: datetime) -> None:
    for slot in slots:
        _work_alone(slot, now, _close)


def _work_alone(slot: Slot, now: datetime, work: Callable[[Slot, datetime], None]) -> None:
    """One slot in a savepoint of its own; one that cannot be worked on is put off for an hour, and logged."""
    try:
        with transaction.atomic():
            work(slot, now)
    except BROKEN:
        logger.exception("slot %s cannot be worked on", slot.pk)
        Slot.objects.filter(pk=slot.pk).update(next_step_at=now + POISON_DELAY)


def _step_together(slots: list[Slot], now: datetime) -> None:
    """All in a few statements; one by one when that fails, so that the row at fault is found and left alone."""
    try:
        with transaction.atomic():
            prefetch_related_objects(slots, "assignment", "patient__user", "clinic")
            ready = [slot for slot in slots if _is_ready(slot, now)]
            _open_or_nudge_all(ready, now)
    except BROKEN:
        logger.exception("%s slots cannot be opened together", len(slots))
        ready = []
    done = {slot.pk for slot in ready}
    for slot in slots:
        if slot.pk not in done:
            _work_alone(slot, now, _open_or_nudge)


def _is_ready(slot: Slot, now: datetime) -> bool:
    """Is it to be opened or nudged, as nearly all are? The others are cancelled, or closed because the pump was down."""
    if slot.state == SlotState.OPEN:
        return True
    return slot.assignment.status == "active" and slot.patient.status == "active" and slot.closes_at > now


def _open_or_nudge(slot: Slot, now: datetime) -> None:
    if _is_ready(slot, now):
        _open_or_nudge_all([slot], now)
    elif slot.closes_at <= now and slot.assignment.status == slot.patient.status == "active":
        _close(slot, now)  # the pump was down: no message about what is over
    else:
        _finish(slot, SlotState.CANCELLED)


STEP = """
update monitoring_slot s set state = 'open', next_step_at = u.next_step_at, nudged_at = coalesce(u.nudged_at, s.nudged_at)
  from unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) as u (id, next_step_at, nudged_at)
 where s.id = u.id
"""


def _open_or_nudge_all(slots: Sequence[Slot], now: datetime) -> None:
    """Slots of one clinic, each with its message. The objects stay as they were: after a failure they are tried again."""
    steps: list[tuple[UUID, datetime, datetime | None]] = []
    messages: list[SlotMessage] = []
    for slot in slots:
        at = _allowed(slot, now)
        is_nudge = slot.state == SlotState.OPEN
        messages.append(SlotMessage(slot, 2 if is_nudge else 1, at))
        steps.append((slot.pk, slot.closes_at, now) if is_nudge else (slot.pk, _nudge_moment(slot, at), None))
    with connection.cursor() as cursor:
        cursor.execute(STEP, [list(column) for column in zip(*steps, strict=True)] or [[], [], []])
    queue_messages(messages)


def _nudge_moment(slot: Slot, remind_at: datetime) -> datetime:
    """When the nudge after a reminder at that moment is due; the end of the slot when that leaves no room for it."""
    nudge_at = _allowed(slot, slot.opens_at + (slot.closes_at - slot.opens_at) * NUDGE_AT)
    return min(max(nudge_at, remind_at + BETWEEN_MESSAGES), slot.closes_at)


def put_off(slot: Slot, at: datetime) -> bool:
    """Move the next of the two messages about an open slot to that moment; False when both have gone.

    Needs the slot locked.
    """
    waiting = notifications.postpone(subject_kind="slot", subject_id=slot.pk, not_before=at)
    if waiting is None and not has_message_left(slot):
        return False
    if waiting is not None:
        prolong(waiting.context.get("link", ""), slot, at)
    if slot.nudged_at is None:
        slot.next_step_at = at if waiting is None else _nudge_moment(slot, at)
    slot.remind_at = at
    slot.save(update_fields=["next_step_at", "remind_at"])
    return True


def choices_later(slot: Slot) -> dict[str, datetime]:
    """When the person may be reminded of an open slot instead, by choice: 1h, 3h, evening."""
    patient = slot.patient
    zone = clock.zone_of(patient.time_zone)
    return later_moments(clock.now(), slot.closes_at, zone, patient.quiet_from, patient.quiet_until)


def has_message_left(slot: Slot) -> bool:
    """Has at least one of the two messages about it not gone out yet?"""
    rows = Delivery.objects.filter(subject_kind="slot", subject_id=slot.pk)
    if rows.filter(state__in=[State.PENDING, State.LEASED]).exists():
        return True
    return slot.nudged_at is None and _messages_out(slot) < MESSAGES_AT_MOST


def _allowed(slot: Slot, moment: datetime) -> datetime:
    """That moment, outside the person's quiet hours."""
    patient = slot.patient
    return outside_quiet_hours(moment, clock.zone_of(patient.time_zone), patient.quiet_from, patient.quiet_until)


def remind_otherwise(delivery: Delivery) -> None:
    """A reminder certainly did not arrive: the next channel that the person has left on, if that is the second message."""
    slot = Slot.objects.filter(pk__in=[delivery.subject_id], state=SlotState.OPEN).select_related("patient").first()
    if slot is not None and slot.patient.status == "active":
        tried = Delivery.objects.filter(subject_kind="slot", subject_id=slot.pk).values_list("channel", flat=True)
        queue_messages([SlotMessage(slot, 2, _allowed(slot, clock.now()), without=list(tried))])


def _messages_out(slot: Slot) -> int:
    """Messages about the slot that went out, may have gone out, or still will."""
    rows = Delivery.objects.filter(subject_kind="slot", subject_id=slot.pk)
    return rows.exclude(state__in=[State.CANCELLED, State.DEAD]).count()


def still_wanted(delivery: Delivery) -> bool:
    """Asked just before a reminder goes out: is the form still open, and does the person still want to be told?"""
    return bool(still_wanted_of([delivery]))


def still_wanted_of(deliveries: Sequence[Delivery]) -> set[UUID]:
    """The same of several at once: the ids of those that are."""
    ids = [delivery.subject_id for delivery in deliveries if delivery.subject_id is not None]
    slots = Slot.objects.filter(pk__in=ids, state=SlotState.OPEN, patient__status="active")
    wanting: dict[UUID | None, Slot] = {
        slot.pk: slot for slot in slots.select_related("patient") if slot.patient.reminders_off_at is None
    }
    points = ContactPoint.objects.filter(
        user_id__in=[delivery.recipient_id for delivery in deliveries], opted_out_at__isnull=True
    )
    ways = set(points.values_list("user_id", "channel", "address"))
    return {
        delivery.pk
        for delivery in deliveries
        if (slot := wanting.get(delivery.subject_id)) is not None
        and (delivery.recipient_id, delivery.channel, delivery.address) in ways
        and (slot.patient.links_off_at is None or not delivery.context.get("link", "").startswith("/s/"))
    }


def _close(slot: Slot, now: datetime) -> None:
    _finish(slot, SlotState.MISSED)
    definition = definition_of(slot.questionnaire)
    answers = answers_of(slot, definition)
    if not answers and slot.assignment.rhythm != "follow-on":
        _tell_if_silent(slot)
        return
    for finding in blank_findings(definition, answers):
        alerts.raise_alert(
            patient=slot.patient,
            cause=cause_of(finding),
            level=finding.level.value,
            title=title_of(definition, finding),
            source_kind="slot",
            source_id=slot.pk,
            rule_code=finding.code,
            synthetic=slot.synthetic,
        )


def _finish(slot: Slot, state: SlotState) -> None:
    slot.state, slot.next_step_at = state, None
    slot.save(update_fields=["state", "next_step_at"])
    notifications.cancel(subject_kind="slot", subject_id=slot.pk)


def _tell_if_silent(slot: Slot) -> None:
    """Missed twice in a row is a task for the clinic; the person is not chased."""
    earlier = Slot.objects.filter(assignment_id=slot.assignment_id, opens_at__lt=slot.opens_at)
    last = earlier.filter(state__in=[SlotState.MISSED, SlotState.ANSWERED]).order_by("-opens_at").first()
    if last is None or last.state != SlotState.MISSED or ItemAnswer.objects.filter(slot=last).exists():
        return
    person = responsible(slot.patient)
    alerts.raise_alert(
        patient=slot.patient,
        cause="silent",
        level="P3",
        title=_("%(survey)s not answered twice in a row") % {"survey": slot.questionnaire.title},
        source_kind="slot",
        source_id=slot.pk,
        rule_code="missed-twice",
        detail=_("Task of %(name)s") % {"name": person.user.name} if person else "",
        synthetic=slot.synthetic,
    )


def overdue_slots() -> int:
    """Slots that should have opened or closed by now; the pump's clean cycle leaves none."""
    return Slot.objects.filter(next_step_at__lte=clock.now()).exclude(state=SlotState.ANSWERED).count()
