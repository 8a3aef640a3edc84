"""A message that stays unread for a minute reaches the person another way: "you have a message", never what it says.

The thread's row is the timer (notify_at). Works with the pump's rights: it sees threads and read marks, no message.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import ContactPoint, User
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.messaging.models import ReadMark, Thread
from apps.notifications.actions import queue
from apps.notifications.models import Channel, Delivery, Kind

SUBJECT = "thread"


def notify_due(limit: int = 50) -> int:
    """Queue a note for each thread whose minute is over and whose last message is unread. Returns how many were done."""
    done = 0
    with transaction.atomic():
        due = Thread.objects.filter(notify_at__lte=clock.now()).order_by("notify_at")
        for thread in due.select_for_update(skip_locked=True, of=("self",))[:limit]:
            with use_clinic(thread.clinic_id):
                _notify(thread)
            done += 1
    return done


def still_wanted(delivery: Delivery) -> bool:
    """Has the person read it meanwhile, on any device?"""
    mark = ReadMark.objects.filter(thread_id=delivery.subject_id, user_id=delivery.recipient_id).first()
    seen = mark.seq if mark else 0
    thread = Thread.objects.filter(pk=delivery.subject_id).first()
    return thread is not None and seen < thread.last_seq


def _notify(thread: Thread) -> None:
    Thread.objects.filter(pk=thread.pk).update(notify_at=None)
    for user in _readers(thread):
        seen = ReadMark.objects.filter(thread=thread, user=user).aggregate(seq=Max("seq"))["seq"] or 0
        if seen < thread.last_seq:
            _tell(thread, user)


def _readers(thread: Thread) -> list[User]:
    """The side that has to read: the patient where staff wrote last, else the thread's owner, else the treating clinician."""
    if thread.waiting_since is None:
        return [thread.patient.user]
    member = thread.owner or thread.patient.treating
    return [member.user] if member is not None and member.ended_at is None else []


def _tell(thread: Thread, user: User) -> None:
    point = _channel(user.pk)
    if point is None:
        return
    queue(
        clinic_id=thread.clinic_id,
        kind=Kind.MESSAGE,
        dedupe_key=f"chat:{thread.pk}:{user.pk}:{thread.last_seq}",
        subject_kind=SUBJECT,
        subject_id=thread.pk,
        recipient_id=user.pk,
        channel=point.channel,
        address=point.address,
        template="message-waiting",
        context={"clinic": thread.clinic.name, "link": "/messages/"},
        language=user.language,
        synthetic=thread.synthetic,
    )


def _channel(user_id: UUID) -> ContactPoint | None:
    points = ContactPoint.objects.filter(user_id=user_id, opted_out_at__isnull=True).exclude(channel=Channel.VOICE)
    return points.order_by("rank").first()
