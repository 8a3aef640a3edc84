"""The pump of surveys: makes slots, opens them with one reminder, nudges once, closes them. The row is the timer.

Runs as telek_pump over all clinics: due slots are claimed with SKIP LOCKED, then each is worked on under its own
clinic and in its own savepoint, so that one bad row stops nobody else's.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, transaction
from django.db.models import Q
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
from apps.monitoring.links import carried, issue, prolong
from apps.monitoring.models import ItemAnswer, Slot, SlotState
from apps.monitoring.published import definition_of
from apps.monitoring.silence import responsible
from apps.notifications import actions as notifications
from apps.notifications.models import Delivery, Kind, State

logger = logging.getLogger(__name__)

NUDGE_AT = 0.6  # share of the open time after which the one nudge goes out
BETWEEN_MESSAGES = timedelta(hours=1)
POISON_DELAY = timedelta(hours=1)
CHANNELS = ("push", "sms", "email")
MESSAGES_AT_MOST = 2  # about one slot, over all channels


def open_due_slots(limit: int = 100) -> int:
    """Open the slots whose time has come, each with its reminder, and send the nudges that are due; how many."""
    now = clock.now()
    due = Q(state=SlotState.SCHEDULED) | Q(state=SlotState.OPEN, closes_at__gt=now, nudged_at__isnull=True)
    return _claim(due, now, limit, _open_or_nudge)


def close_due_slots(limit: int = 100) -> int:
    """Close the open slots whose time is over; how many. A half-answered one is judged by what it leaves blank."""
    now = clock.now()
    return _claim(Q(state=SlotState.OPEN, closes_at__lte=now), now, limit, _close)


def _claim(due: Q, now: datetime, limit: int, work: Callable[[Slot, datetime], None]) -> int:
    with transaction.atomic():
        slots = Slot.objects.filter(due, next_step_at__lte=now).order_by("next_step_at", "id")
        claimed = list(slots.select_for_update(skip_locked=True)[:limit])
        for slot in claimed:
            _work_alone(slot, now, work)
    return len(claimed)


def _work_alone(slot: Slot, now: datetime, work: Callable[[Slot, datetime], None]) -> None:
    """One slot in a savepoint of its own; one that cannot be worked on is put off for an hour, and logged."""
    with use_clinic(slot.clinic_id):
        try:
            with transaction.atomic():
                work(slot, now)
        except (Error, ArithmeticError, LookupError, TypeError, ValueError):
            logger.exception("slot %s cannot be worked on", slot.pk)
            Slot.objects.filter(pk=slot.pk).update(next_step_at=now + POISON_DELAY)


def _open_or_nudge(slot: Slot, now: datetime) -> None:
    if slot.state == SlotState.OPEN:
        _nudge(slot, now)
    elif slot.assignment.status != "active" or slot.patient.status != "active":
        _finish(slot, SlotState.CANCELLED)
    elif slot.closes_at <= now:  # the pump was down: no message about what is over
        _close(slot, now)
    else:
        _open(slot, now)


def _open(slot: Slot, now: datetime) -> None:
    remind_at = _allowed(slot, now)
    slot.state = SlotState.OPEN
    slot.next_step_at = _nudge_moment(slot, remind_at)
    slot.save(update_fields=["state", "next_step_at"])
    _send(slot, 1, remind_at)


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


def _nudge(slot: Slot, now: datetime) -> None:
    slot.nudged_at, slot.next_step_at = now, slot.closes_at
    slot.save(update_fields=["nudged_at", "next_step_at"])
    _send(slot, 2, _allowed(slot, now))


def _allowed(slot: Slot, moment: datetime) -> datetime:
    """That moment, outside the person's quiet hours."""
    patient = slot.patient
    return outside_quiet_hours(moment, clock.zone_of(patient.time_zone), patient.quiet_from, patient.quiet_until)


def _send(slot: Slot, number: int, not_before: datetime, without: Sequence[str] = ()) -> None:
    """Message 1 (reminder) or 2 (nudge) about a slot; none when the person wants none, had two, or it would be too late.

    without: channels that did not work.
    """
    point = point_for(slot, number, without)
    if point is None or not_before >= slot.closes_at or _messages_out(slot) >= MESSAGES_AT_MOST:
        return
    shared_phone = slot.patient.links_off_at is not None
    link = "/check-in/" if shared_phone else f"/s/{issue(slot, not_before)}/"
    letter = notifications.queue(
        clinic_id=slot.clinic_id,
        kind=Kind.REMINDER,
        dedupe_key=f"rem:{slot.pk}:{point.channel}:{number}",
        subject_kind="slot",
        subject_id=slot.pk,
        recipient_id=slot.patient.user_id,
        channel=point.channel,
        address=point.address,
        template="survey-reminder",
        context={"clinic": slot.clinic.name, "link": link},
        language=slot.patient.user.language,
        not_before=not_before,
        expires_at=slot.closes_at,
        synthetic=slot.synthetic,
    )
    if letter is not None and not shared_phone:
        carried(link, letter.pk)


def remind_otherwise(delivery: Delivery) -> None:
    """A reminder certainly did not arrive: the next channel that the person has left on, if that is the second message."""
    slot = Slot.objects.filter(pk__in=[delivery.subject_id], state=SlotState.OPEN).select_related("patient").first()
    if slot is not None and slot.patient.status == "active":
        tried = Delivery.objects.filter(subject_kind="slot", subject_id=slot.pk).values_list("channel", flat=True)
        _send(slot, 2, _allowed(slot, clock.now()), without=list(tried))


def _messages_out(slot: Slot) -> int:
    """Messages about the slot that went out, may have gone out, or still will."""
    rows = Delivery.objects.filter(subject_kind="slot", subject_id=slot.pk)
    return rows.exclude(state__in=[State.CANCELLED, State.DEAD]).count()


def point_for(slot: Slot, number: int, without: Sequence[str] = ()) -> ContactPoint | None:
    """The first channel that the person has left on; another one only when the first message failed for certain."""
    if slot.patient.reminders_off_at is not None:
        return None
    wired = [channel for channel in CHANNELS if settings.TRANSPORTS.get(channel) != "none"]
    points = ContactPoint.objects.filter(user_id=slot.patient.user_id, opted_out_at__isnull=True, channel__in=wired)
    points = points.exclude(channel__in=without)
    if number > 1:
        failed = Delivery.objects.filter(subject_kind="slot", subject_id=slot.pk, state=State.DEAD)
        points = points.exclude(channel__in=list(failed.values_list("channel", flat=True)))
    return points.order_by("rank", "channel").first()


def still_wanted(delivery: Delivery) -> bool:
    """Asked just before a reminder goes out: is the form still open, and does the person still want to be told?"""
    slot = Slot.objects.filter(pk__in=[delivery.subject_id], state=SlotState.OPEN).select_related("patient").first()
    if slot is None or slot.patient.status != "active" or slot.patient.reminders_off_at is not None:
        return False
    if slot.patient.links_off_at is not None and delivery.context.get("link", "").startswith("/s/"):
        return False
    return ContactPoint.objects.filter(
        user_id=delivery.recipient_id,
        channel=delivery.channel,
        address=delivery.address,
        opted_out_at__isnull=True,
    ).exists()


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
