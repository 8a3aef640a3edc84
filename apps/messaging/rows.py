"""Messages and threads as plain data, for the socket, the API and the pages alike."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Role
from apps.alerts.models import Alert
from apps.core.topics import Row
from apps.messaging.marks import Mark, Marked
from apps.messaging.models import Attachment, Message, ReadMark, Thread
from apps.messaging.phrases import find_phrases
from apps.messaging.posting import Posted

ROLE_WORDS = {
    Role.PRESCRIBER: _("prescriber"),
    Role.NURSE: _("nurse"),
    Role.THERAPIST: _("therapist"),
    Role.COORDINATOR: _("care coordinator"),
}
UNREAD = """
select r.person, t.id, count(*)
from unnest(%s::uuid[]) as r(person) cross join messaging_thread t
left join messaging_readmark k on k.clinic_id = t.clinic_id and k.thread_id = t.id and k.user_id = r.person
join messaging_message m
  on m.clinic_id = t.clinic_id and m.thread_id = t.id and m.seq > coalesce(k.seq, 0) and m.sender_id <> r.person
where t.id = any(%s::uuid[]) group by 1, 2
"""
MESSAGE_FIELDS = ("seq", "id", "client_id", "body", "sender", "initials", "from_patient", "sent_at", "file")


def is_patient(user: User) -> bool:
    """In the clinic in force."""
    return user.membership is not None and user.membership.role == Role.PATIENT


def role_words(role: str | None) -> str:
    """The role as a patient reads it; empty where it says nothing."""
    return str(ROLE_WORDS.get(role, "")) if role else ""  # type: ignore[call-overload]


def with_senders(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Everything that `message_row` reads, in one query."""
    files = Attachment.objects.filter(clinic_id=OuterRef("clinic_id"), message=OuterRef("pk"))
    described = JSONObject(id="pk", kind="kind", name="name", size="size", width="width", height="height")
    of_sender = Membership.objects.filter(clinic_id=OuterRef("clinic_id"), user=OuterRef("sender_id"))
    newest = of_sender.order_by(F("ended_at").desc(nulls_first=True))
    return (
        messages.select_related("sender")
        .annotate(sender_role=Subquery(newest.values("role")[:1]), file=Subquery(files.values(json=described)[:1]))
        .order_by("seq")
    )


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
        "staff_only": message.staff_only,
        "sent_at": message.sent_at.isoformat(),
        "file": file_row(getattr(message, "file", None)),
        "phrases": hits(message),
    }


def file_row(described: Row | None) -> Row | None:
    """id, kind (photo, document), name, size in bytes, width, height, and where it is handed out."""
    return described and described | {"url": f"/messages/files/{described['id']}/"}


def shaped_row(raw: Row, user: User) -> Row:
    """A message as this person may read it."""
    patient_reads = is_patient(user)
    mine = raw["sender_id"] == user.pk
    row = {name: raw[name] for name in MESSAGE_FIELDS} | {
        "role": role_words(raw["role"]),
        "mine": mine,
        "own": mine if raw["staff_only"] else raw["from_patient"] == patient_reads,
    }
    return row if patient_reads else row | {"phrases": raw["phrases"]}


def shaped_state(raw: Row, user: User) -> Row | None:
    """How far the other side has read now, for those to whom the sender is the other side."""
    own_side = raw["sender_id"] == user.pk if raw["staff_only"] else raw["from_patient"] == is_patient(user)
    if not raw["seen"] or own_side:
        return None
    read = {"seq": raw["seq"], "name": raw["sender"], "at": raw["sent_at"]}
    return {"id": raw["thread"], "version": raw["version"], "read": read}


def raw_mark(mark: Mark, marked: Marked) -> Row:
    """A read mark that is now the furthest of its side, for `shaped_mark`."""
    return {
        "seq": None,
        "thread": str(mark.thread_id),
        "version": marked.version,
        "from_patient": is_patient(mark.reader),
        "read": {"seq": marked.seq, "name": mark.reader.name, "at": marked.at.isoformat()},
    }


def shaped_mark(raw: Row, user: User) -> Row | None:
    """The state of the thread for those to whom the reader is the other side."""
    if raw["from_patient"] == is_patient(user):
        return None
    return {"id": raw["thread"], "version": raw["version"], "read": raw["read"]}


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


def sent_with_file(message: Message) -> Row:
    """`sent_row`, with the words and the file as the page shows them."""
    file = Attachment.objects.filter(message=message).values("pk", "kind", "name", "size", "width", "height").first()
    described = file and {"id": str(file.pop("pk")), **file}
    return sent_row(message) | {"body": message.body, "file": file_row(described)}


def with_state(threads: QuerySet[Thread], user: User) -> QuerySet[Thread]:
    """Threads with the person's own read mark, how many are unread, the last message's words, and the flag.

    flagged: the title of the patient's unresolved alert about a phrase. Flagged first, then who waits longest.
    """
    marks = ReadMark.objects.filter(clinic_id=OuterRef("clinic_id"), thread=OuterRef("pk"), user=user).values("seq")[:1]
    last = Message.every.filter(clinic_id=OuterRef("clinic_id"), thread=OuterRef("pk"), seq=OuterRef("last_seq"))
    phrase = Alert.objects.unresolved().filter(clinic_id=OuterRef("clinic_id"), patient=OuterRef("patient_id"))
    return (
        threads.select_related("patient", "owner__user")
        .annotate(
            my_seq=Coalesce(Subquery(marks), 0),
            last_body=Subquery(last.values("body")[:1]),
            flagged=Q(staff_only=False) & Exists(phrase.filter(cause="phrase")),
        )
        .annotate(unread=Coalesce(Subquery(_unread(user)), 0))
        .order_by("-flagged", F("waiting_since").asc(nulls_last=True), F("last_at").desc(nulls_last=True), "pk")
    )


def _unread(user: User) -> Any:
    rows = Message.every.filter(clinic_id=OuterRef("clinic_id"), thread=OuterRef("pk"), seq__gt=OuterRef("my_seq"))
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
        "flagged": thread.flagged,
        "staff_only": thread.staff_only,
    }


def read_by(thread: Thread, user: User) -> Row:
    """How far the other side has read: patients see the furthest mark of the team, staff see the patient's.

    Among staff the other side is everybody else.
    """
    of_patient = Q(user_id=thread.patient.user_id)
    side = ~of_patient if is_patient(user) else of_patient
    side = ~Q(user=user) if thread.staff_only else side
    marks = ReadMark.objects.filter(side, thread=thread, seq__gt=0)
    mark = marks.select_related("user").order_by("-seq", "at").first()
    if mark is None:
        return {"seq": 0, "name": "", "at": None}
    return {"seq": mark.seq, "name": mark.user.name, "at": mark.at.isoformat()}


def unread_of(people: Sequence[UUID], threads: Sequence[str]) -> dict[tuple[UUID, str], int]:
    """How many messages of each thread each of these colleagues has not read; nothing where there are none."""
    with connection.cursor() as cursor:
        cursor.execute(UNREAD, [[str(one) for one in people], list(threads)])
        return {(person, str(thread)): count for person, thread, count in cursor.fetchall()}


def unread_count(user: User) -> int:
    """Messages that the person has not seen in the threads with patients they may see; patients have one thread."""
    threads: QuerySet[Any] = with_state(Thread.objects.visible_to(user), user)
    return sum(thread.unread for thread in threads)


def waiting_threads(user: User) -> int:
    """Threads in which a patient waits for an answer: the number on the desk's rail."""
    found = Thread.objects.visible_to(user).filter(waiting_since__isnull=False).aggregate(n=Count("pk"))
    return int(found["n"])


def thread_of(user: User, key: str) -> Thread | None:
    """The thread of that id, of either kind, if the person may see it."""
    try:
        wanted = UUID(key)
    except ValueError:
        return None
    rows = Thread.every.visible_to(user).select_related("patient__user", "clinic", "owner__user")
    found: Thread | None = rows.filter(pk=wanted).first()
    return found
