"""Messages and threads as plain data, for the socket, the API and the pages alike."""

from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, QuerySet, Subquery

from apps.accounts.models import User
from apps.core.topics import Row
from apps.messaging.models import Message, ReadMark, Thread


def with_senders(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Everything that `message_row` reads, in one query."""
    return messages.select_related("sender").order_by("seq")


def message_row(message: Message, user: User) -> Row:
    """seq, client_id, body, who and when; `mine` for the side on which it stands."""
    return {
        "seq": message.seq,
        "id": str(message.pk),
        "client_id": str(message.client_id),
        "body": message.body,
        "sender": message.sender.name,
        "initials": message.sender.initials,
        "from_patient": message.from_patient,
        "mine": message.sender_id == user.pk,
        "sent_at": message.sent_at.isoformat(),
    }


def with_state(threads: QuerySet[Thread], user: User) -> QuerySet[Thread]:
    """Threads with the person's own read mark, how many are unread, and the last message's words."""
    marks = ReadMark.objects.filter(clinic_id=OuterRef("clinic_id"), thread=OuterRef("pk"), user=user).values("seq")[:1]
    last = Message.objects.filter(clinic_id=OuterRef("clinic_id"), thread=OuterRef("pk"), seq=OuterRef("last_seq"))
    return (
        threads.select_related("patient", "owner__user")
        .annotate(my_seq=Subquery(marks), last_body=Subquery(last.values("body")[:1]))
        .order_by(F("waiting_since").asc(nulls_last=True), F("last_at").desc(nulls_last=True), "pk")
    )


def thread_row(thread: Any) -> Row:
    """A line of the desk's list; needs `with_state`. version grows with every message, mark and transfer."""
    return {
        "id": str(thread.pk),
        "version": thread.version,
        "patient": str(thread.patient),
        "patient_id": str(thread.patient_id),
        "last_seq": thread.last_seq,
        "unread": max(0, thread.last_seq - (thread.my_seq or 0)),
        "waiting_since": thread.waiting_since.isoformat() if thread.waiting_since else None,
        "owner": thread.owner.user.name if thread.owner else None,
        "last_at": thread.last_at.isoformat() if thread.last_at else None,
        "excerpt": (thread.last_body or "")[:120],
    }


def read_by(thread: Thread, user: User) -> Row:
    """How far the others have read: the highest mark on the other side and whose it is."""
    marks = ReadMark.objects.filter(thread=thread).exclude(user=user).select_related("user").order_by("-seq", "at")
    mark = marks.first()
    if mark is None or mark.seq == 0:
        return {"seq": 0, "name": "", "at": None}
    return {"seq": mark.seq, "name": mark.user.name, "at": mark.at.isoformat()}


def unread_count(user: User) -> int:
    """Messages that the person has not seen in the threads they may see; patients have one thread."""
    rows = with_state(Thread.objects.visible_to(user), user).values_list("last_seq", "my_seq")
    return sum(max(0, last - (seen or 0)) for last, seen in rows)


def waiting_threads(user: User) -> int:
    """Threads in which a patient waits for an answer: the number on the desk's rail."""
    found = Thread.objects.visible_to(user).filter(waiting_since__isnull=False).aggregate(n=Count("pk"))
    return int(found["n"])


def thread_of(user: User, key: str) -> Thread | None:
    """The thread of that id, if the person may see it."""
    try:
        wanted = UUID(key)
    except ValueError:
        return None
    return Thread.objects.visible_to(user).select_related("patient", "clinic").filter(pk=wanted).first()
