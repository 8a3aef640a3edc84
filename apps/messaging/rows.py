"""Messages and threads as plain data, for the socket, the API and the pages alike."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Role
from apps.alerts.models import Alert
from apps.core.topics import Row
from apps.messaging.models import Message, ReadMark, Thread
from apps.messaging.phrases import find_phrases
from apps.messaging.posting import Posted

ROLE_WORDS = {
    Role.PRESCRIBER: _("prescriber"),
    Role.NURSE: _("nurse"),
    Role.THERAPIST: _("therapist"),
    Role.COORDINATOR: _("care coordinator"),
}
EXCERPT = 120
MESSAGE_FIELDS = ("seq", "id", "client_id", "body", "sender", "initials", "from_patient", "sent_at")


def is_patient(user: User) -> bool:
    """In the clinic in force."""
    return user.membership is not None and user.membership.role == Role.PATIENT


def role_words(role: str | None) -> str:
    """The role as a patient reads it; empty where it says nothing."""
    return str(ROLE_WORDS.get(role, "")) if role else ""  # type: ignore[call-overload]


def with_senders(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Everything that `message_row` reads, in one query."""
    of_sender = Membership.objects.filter(clinic_id=OuterRef("clinic_id"), user=OuterRef("sender_id"))
    newest = of_sender.order_by(F("ended_at").desc(nulls_first=True))
    return messages.select_related("sender").annotate(sender_role=Subquery(newest.values("role")[:1])).order_by("seq")


def message_row(message: Any, user: User) -> Row:
    """seq, client_id, body, who and when; `own`: it stands on the reader's side. Needs `with_senders`.

    phrases: phrases of danger in a patient's words, for staff only.
    """
    return shaped_row(_raw(message, message.sender, message.sender_role), user)


def raw_row(posted: Posted, sender: User) -> Row:
    """A message that was posted just now as the same for every reader: for `shaped_row` and `shaped_state`."""
    role = sender.membership.role if sender.membership else None
    raw = _raw(posted.message, sender, role)
    return raw | {"thread": str(posted.message.thread_id), "version": posted.version, "seen": posted.seen}


def _raw(message: Any, sender: User, role: str | None) -> Row:
    return {
        "seq": message.seq,
        "id": str(message.pk),
        "client_id": str(message.client_id),
        "body": message.body,
        "sender_id": sender.pk,
        "sender": sender.name,
        "initials": sender.initials,
        "role": role,
        "from_patient": message.from_patient,
        "sent_at": message.sent_at.isoformat(),
        "phrases": hits(message),
    }


def shaped_row(raw: Row, user: User) -> Row:
    """A message as this person may read it."""
    patient_reads = is_patient(user)
    row = {name: raw[name] for name in MESSAGE_FIELDS} | {
        "role": role_words(raw["role"]),
        "mine": raw["sender_id"] == user.pk,
        "own": raw["from_patient"] == patient_reads,
    }
    return row if patient_reads else row | {"phrases": raw["phrases"]}


def shaped_state(raw: Row, user: User) -> Row | None:
    """How far the other side has read now, for those to whom the sender is the other side."""
    if not raw["seen"] or raw["from_patient"] == is_patient(user):
        return None
    read = {"seq": raw["seq"], "name": raw["sender"], "at": raw["sent_at"]}
    return {"id": raw["thread"], "version": raw["version"], "read": read}


def hits(message: Message) -> list[str]:
    """Phrases of danger in a patient's message, each once."""
    found = find_phrases(message.body) if message.from_patient else []
    return list(dict.fromkeys(hit.phrase for hit in found))


def sent_row(message: Message) -> Row:
    """What the sender is told after commit; `crisis` where a patient's own words have a phrase of danger."""
    row: Row = {
        "thread": str(message.thread_id),
        "client_id": str(message.client_id),
        "seq": message.seq,
        "sent_at": message.sent_at.isoformat(),
    }
    return row | {"crisis": True} if hits(message) else row


def with_state(threads: QuerySet[Thread], user: User) -> QuerySet[Thread]:
    """Threads with the person's own read mark, how many are unread, the last message's words, and the flag.

    flagged: the title of the patient's unresolved alert about a phrase. Flagged first, then who waits longest.
    """
    marks = ReadMark.objects.filter(clinic_id=OuterRef("clinic_id"), thread=OuterRef("pk"), user=user).values("seq")[:1]
    last = Message.objects.filter(clinic_id=OuterRef("clinic_id"), thread=OuterRef("pk"), seq=OuterRef("last_seq"))
    phrase = Alert.objects.unresolved().filter(clinic_id=OuterRef("clinic_id"), patient=OuterRef("patient_id"))
    return (
        threads.select_related("patient", "owner__user")
        .annotate(
            my_seq=Coalesce(Subquery(marks), 0),
            last_body=Subquery(last.values("body")[:1]),
            flagged=Exists(phrase.filter(cause="phrase")),
        )
        .annotate(unread=Coalesce(Subquery(_unread(user)), 0))
        .order_by("-flagged", F("waiting_since").asc(nulls_last=True), F("last_at").desc(nulls_last=True), "pk")
    )


def _unread(user: User) -> Any:
    rows = Message.objects.filter(clinic_id=OuterRef("clinic_id"), thread=OuterRef("pk"), seq__gt=OuterRef("my_seq"))
    return rows.exclude(sender=user).order_by().values("thread").annotate(n=Count("pk")).values("n")


def thread_row(thread: Any) -> Row:
    """A line of the desk's list; needs `with_state`. version grows with every message, mark and transfer."""
    return {
        "id": str(thread.pk),
        "version": thread.version,
        "patient": str(thread.patient),
        "patient_id": str(thread.patient_id),
        "last_seq": thread.last_seq,
        "unread": thread.unread,
        "waiting_since": thread.waiting_since.isoformat() if thread.waiting_since else None,
        "owner": thread.owner.user.name if thread.owner else None,
        "last_at": thread.last_at.isoformat() if thread.last_at else None,
        "excerpt": (thread.last_body or "")[:EXCERPT],
        "flagged": thread.flagged,
    }


def read_by(thread: Thread, user: User) -> Row:
    """How far the other side has read: patients see the furthest mark of the team, staff see the patient's."""
    of_patient = Q(user_id=thread.patient.user_id)
    side = ~of_patient if is_patient(user) else of_patient
    marks = ReadMark.objects.filter(side, thread=thread, seq__gt=0)
    mark = marks.select_related("user").order_by("-seq", "at").first()
    if mark is None:
        return {"seq": 0, "name": "", "at": None}
    return {"seq": mark.seq, "name": mark.user.name, "at": mark.at.isoformat()}


def unread_count(user: User) -> int:
    """Messages that the person has not seen in the threads they may see; patients have one thread."""
    threads: QuerySet[Any] = with_state(Thread.objects.visible_to(user), user)
    return sum(thread.unread for thread in threads)


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
    rows = Thread.objects.visible_to(user).select_related("patient__user", "clinic", "owner__user")
    return rows.filter(pk=wanted).first()
