"""A message that stays unread for a minute reaches the person another way: "you have a message", never what it says.

The thread's row is the timer (notify_at). Works with the pump's rights: it sees threads and read marks, no message.
A person is told once for a stretch of unread messages, and once more for each day on which more come; a patient not in
their quiet hours.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import Error, transaction
from django.db.models import Q

from apps.accounts.models import ContactPoint, Membership, User
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.wall_clock import outside_quiet_hours
from apps.messaging.models import ANSWERING, ReadMark, Thread
from apps.notifications.actions import queue
from apps.notifications.models import Channel, Delivery, Kind

logger = logging.getLogger(__name__)

SUBJECT = "thread"
AWAKE = timedelta(hours=2)
POISON_DELAY = timedelta(minutes=10)


def notify_due(limit: int = 50) -> int:
    """Queue a note for each thread whose minute is over and whose last message is unread. Returns how many were done."""
    now = clock.now()
    with transaction.atomic():
        due = Thread.every.filter(notify_at__lte=now).order_by("notify_at", "id")
        claimed = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
        for thread in claimed:
            _notify_alone(thread)
    return len(claimed)


def still_wanted(delivery: Delivery) -> bool:
    """Has nobody read it meanwhile, on any device? For staff: does the patient still wait at all?"""
    if delivery.subject_id is None or delivery.recipient_id is None:
        return False
    thread = Thread.every.filter(pk=delivery.subject_id).first()
    if thread is None:
        return False
    if _seen(thread, delivery.recipient_id) >= thread.last_seq:
        return False
    is_patient = thread.patient.user_id == delivery.recipient_id
    return thread.staff_only or is_patient or thread.waiting_since is not None


def _notify_alone(thread: Thread) -> None:
    """In a savepoint of its own: a thread that cannot be told of does not stop the others."""
    with use_clinic(thread.clinic_id):
        try:
            with transaction.atomic():
                Thread.every.filter(pk=thread.pk).update(notify_at=None)
                _notify(thread)
        except (Error, LookupError, TypeError, ValueError):
            logger.exception("thread %s: its note cannot be made", thread.pk)
            Thread.every.filter(pk=thread.pk).update(notify_at=clock.now() + POISON_DELAY)


def _notify(thread: Thread) -> None:
    for user in _readers(thread):
        seen = _seen(thread, user.pk)
        if seen < thread.last_seq:
            _tell(thread, user, seen)


def _seen(thread: Thread, user_id: UUID) -> int:
    mark = ReadMark.objects.filter(thread=thread, user_id=user_id).values_list("seq", flat=True).first()
    return mark or 0


def _readers(thread: Thread) -> list[User]:
    """The side that has to read: the patient where staff wrote last, else the thread's owner, else the treating clinician.

    Among staff: whoever has looked in before, and the treating clinician; never the patient.
    """
    if thread.staff_only:
        return _team_of(thread)
    if thread.waiting_since is None:
        return [thread.patient.user]
    member = thread.owner or thread.patient.treating
    return [member.user] if member is not None and member.ended_at is None else []


def _team_of(thread: Thread) -> list[User]:
    members = Membership.objects.filter(ended_at__isnull=True, role__in=ANSWERING, user__is_active=True)
    looked_in = Q(user__in=ReadMark.objects.filter(thread=thread).values("user"))
    members = members.filter(looked_in | Q(pk=thread.patient.treating_id)).exclude(user=thread.patient.user_id)
    return [member.user for member in members.select_related("user").order_by("pk")]


def _tell(thread: Thread, user: User, seen: int) -> None:
    point = _channel(user.pk)
    if point is None:
        return
    now = clock.now()
    day = now.astimezone(clock.zone_of(thread.clinic.time_zone)).date()
    to_patient = user.pk == thread.patient.user_id
    queue(
        clinic_id=thread.clinic_id,
        kind=Kind.MESSAGE,
        dedupe_key=f"chat:{thread.pk}:{user.pk}:{seen}:{day.isoformat()}",
        subject_kind=SUBJECT,
        subject_id=thread.pk,
        recipient_id=user.pk,
        channel=point.channel,
        address=point.address,
        template="message-waiting",
        context={"clinic": thread.clinic.name, "link": "/messages/" if to_patient else "/desk/messages/"},
        language=user.language,
        not_before=_not_before(thread, now) if to_patient else None,
        synthetic=thread.synthetic,
    )


def _not_before(thread: Thread, now: datetime) -> datetime:
    """After the person's quiet hours; at once for one who has written or read here within two hours: they are awake and
    may be waiting for this very answer."""
    patient = thread.patient
    awake = ReadMark.objects.filter(thread=thread, user_id=patient.user_id, at__gt=now - AWAKE, seq__gt=0).exists()
    if awake:
        return now
    return outside_quiet_hours(now, clock.zone_of(patient.time_zone), patient.quiet_from, patient.quiet_until)


def _channel(user_id: UUID) -> ContactPoint | None:
    points = ContactPoint.objects.filter(user_id=user_id, opted_out_at__isnull=True).exclude(channel=Channel.VOICE)
    return points.order_by("rank").first()
