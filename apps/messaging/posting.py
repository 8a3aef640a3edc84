"""Messages into threads: the one way in, for one message or for many that wait at the same moment.

A batch takes its threads' locks in one order, numbers the messages under them, and writes messages, threads, read
marks and audit rows in one statement each. A message's number has no hole before it, and the order of numbers is the
order of commits. The same client id again is the same message.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission, Role
from apps.alerts.actions import raise_alert
from apps.alerts.actions.rules import apply_rules, rules_in_force
from apps.alerts.levels import Level
from apps.alerts.models import Rule
from apps.alerts.rules.facts import Facts, Happened
from apps.audit import actions as audit
from apps.audit.actions import Fact
from apps.audit.models import Action
from apps.core import clock
from apps.core.db.hot import hot_rows
from apps.core.desk_words import for_the_desk
from apps.core.failpoints import failpoint
from apps.core.ids import new_id
from apps.messaging.models import Message, Thread
from apps.messaging.phrases import find_phrases
from apps.messaging.refusal import MessageRefused

NOTIFY_AFTER = timedelta(seconds=60)  # an unread message reaches the person another way after that

LOCK = """
select t.id, t.patient_id, t.last_seq, t.waiting_since, t.notify_at, t.version, t.synthetic, t.staff_only, p.user_id,
  p.status,
  exists (select 1 from alerts_rule r where r.clinic_id = %s::uuid and r.kind = 'phrase'
    and r.published_at is not null and r.retired_at is null)
from messaging_thread t join patients_patient p on p.clinic_id = t.clinic_id and p.id = t.patient_id
where t.clinic_id = %s::uuid and t.id = any(%s::uuid[]) order by t.id for update of t
"""
KNOWN = """
select m.thread_id, m.sender_id, m.client_id, m.id, m.seq, m.body, m.from_patient, m.sent_at
from unnest(%s::uuid[], %s::uuid[], %s::uuid[]) as r(thread, sender, client)
join messaging_message m
  on m.clinic_id = %s::uuid and m.thread_id = r.thread and m.sender_id = r.sender and m.client_id = r.client
union all
select k.thread_id, k.user_id, null, null, k.seq, null, null, null
from messaging_readmark k
where k.clinic_id = %s::uuid and k.thread_id = any(%s::uuid[]) and k.user_id = any(%s::uuid[])
"""
MOVE = """
with moved as (
  update messaging_thread t
  set last_seq = r.seq, last_at = r.at, waiting_since = r.waiting, notify_at = r.notify, version = r.version
  from unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::bigint[])
    as r(id, seq, at, waiting, notify, version)
  where t.clinic_id = %s::uuid and t.id = r.id
)
insert into messaging_readmark as k (id, clinic_id, thread_id, user_id, seq, at)
select r.id, %s::uuid, r.thread, r.person, r.seq, %s::timestamptz
from unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[]) as r(id, thread, person, seq)
on conflict (clinic_id, thread_id, user_id) do update set seq = greatest(k.seq, excluded.seq), at = excluded.at
"""


IDS = ("id", "clinic_id", "thread_id", "sender_id", "client_id")
VALUES = ("seq", "from_patient", "staff_only", "body", "sent_at")
INSERT = f"""
insert into messaging_message ({", ".join(IDS + VALUES)})
select * from unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bool[], %s::bool[],
  %s::text[], %s::timestamptz[])
"""  # noqa: S608  (names of columns, written here)


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody wants to say. body: as `actions.checked_body` gives it; sender.membership is set."""

    thread_id: UUID
    client_id: UUID
    body: str
    sender: User

    @property
    def key(self) -> tuple[UUID, UUID, UUID]:
        """The same key is the same message."""
        return self.thread_id, self.sender.pk, self.client_id

    @property
    def from_patient(self) -> bool:
        return self.sender.membership is not None and self.sender.membership.role == Role.PATIENT


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that stands there. fresh: it came just now; version: the thread's; seen: its sender's mark moved."""

    message: Message
    fresh: bool
    version: int = 0
    seen: bool = False


Outcome = Posted | MessageRefused
Readers = Mapping[UUID, Collection[UUID]]


@dataclass
class _Batch:
    """The locked threads, what of the batch is known already, and how far its senders had read."""

    clinic_id: UUID
    at: datetime
    threads: dict[UUID, Thread] = field(default_factory=dict)
    patients: dict[UUID, tuple[UUID, str]] = field(default_factory=dict)  # thread to (user, status)
    known: dict[tuple[UUID, UUID, UUID], Message] = field(default_factory=dict)
    marks: dict[tuple[UUID, UUID], int] = field(default_factory=dict)
    moved: set[tuple[UUID, UUID]] = field(default_factory=set)
    fresh: list[Message] = field(default_factory=list)
    has_rules: bool = False  # of the clinic's own, about words


@transaction.atomic(savepoint=False)
def post(posts: Sequence[Post], clinic_id: UUID, readers: Readers | None = None) -> list[Outcome]:
    """Append each message that may be; one outcome for each, in order. Needs the clinic in scope; announces nothing.

    readers: by thread, whose screens will be given the new messages at the commit: it is written down here.
    """
    batch = _Batch(clinic_id, clock.now())
    _lock(batch, posts)
    _look_up(batch, posts)
    outcomes = [_place(batch, one) for one in posts]
    if batch.fresh:
        _write(batch, readers or {})
        failpoint("chat.before-commit")
        transaction.on_commit(partial(failpoint, "chat.after-commit"))
    return outcomes


def _lock(batch: _Batch, posts: Sequence[Post]) -> None:
    ids = sorted({str(one.thread_id) for one in posts})
    for pk, patient, seq, waiting, notify, version, synthetic, staff_only, user, status, ruled in hot_rows(
        LOCK, [batch.clinic_id, batch.clinic_id, ids]
    ):
        batch.has_rules = ruled
        batch.patients[pk] = (user, status)
        batch.threads[pk] = Thread(
            id=pk,
            clinic_id=batch.clinic_id,
            patient_id=patient,
            last_seq=seq,
            waiting_since=waiting,
            notify_at=notify,
            version=version,
            synthetic=synthetic,
            staff_only=staff_only,
        )


def _look_up(batch: _Batch, posts: Sequence[Post]) -> None:
    """A statement of its own: it must see what was committed while the locks were waited for."""
    columns = [[str(part) for part in column] for column in zip(*(one.key for one in posts), strict=True)]
    clinic, (threads, senders, _clients) = batch.clinic_id, columns
    for thread, person, client, pk, seq, body, from_patient, sent_at in hot_rows(
        KNOWN, [*columns, clinic, clinic, threads, senders]
    ):
        if pk is None:
            batch.marks[thread, person] = seq
            continue
        batch.known[thread, person, client] = Message(
            id=pk,
            clinic_id=clinic,
            thread_id=thread,
            seq=seq,
            client_id=client,
            sender_id=person,
            from_patient=from_patient,
            body=body,
            sent_at=sent_at,
        )


def _place(batch: _Batch, one: Post) -> Outcome:
    """Number one message, or say why not, in the sender's language."""
    thread = batch.threads.get(one.thread_id)
    with translation.override(one.sender.language):
        if thread is None or not _may_write(batch, one):
            return MessageRefused("not-found", _("There is no such conversation."))
        known = batch.known.get(one.key)
        if known is not None:
            return _same(known, one.body)
        if batch.patients[thread.pk][1] != "active" and not thread.staff_only:
            return MessageRefused("discharged", _discharged_words(from_patient=one.from_patient))
    _advance(thread, batch.at, from_patient=one.from_patient)
    message = Message(
        clinic_id=batch.clinic_id,
        thread=thread,
        seq=thread.last_seq,
        client_id=one.client_id,
        sender=one.sender,
        from_patient=one.from_patient,
        body=one.body,
        sent_at=batch.at,
        staff_only=thread.staff_only,
    )
    batch.known[one.key] = message
    batch.fresh.append(message)
    return Posted(message, fresh=True, version=thread.version, seen=_mark_own(batch, message))


def _may_write(batch: _Batch, one: Post) -> bool:
    """Staff who answer messages, and the patient whose thread it is: the same as may read it (Thread.visible_to)."""
    if one.from_patient:
        return batch.patients[one.thread_id][0] == one.sender.pk and not batch.threads[one.thread_id].staff_only
    return one.sender.may(Permission.CHAT)


def _same(known: Message, body: str) -> Outcome:
    if known.body != body:
        return MessageRefused("conflict", _("This message was sent before with other words."))
    return Posted(known, fresh=False)


def _discharged_words(*, from_patient: bool) -> str:
    if from_patient:
        return _("This conversation has ended. Please phone the clinic.")
    return _("This person is no longer in care here. Please phone them.")


def _advance(thread: Thread, at: datetime, *, from_patient: bool) -> None:
    thread.notify_at = _notify_at(thread, at, from_patient=from_patient)
    thread.last_seq += 1
    thread.version += 1
    thread.last_at = at
    thread.waiting_since = (thread.waiting_since or at) if from_patient else None


def _notify_at(thread: Thread, at: datetime, *, from_patient: bool) -> datetime:
    """A minute after the first message to that side: one who goes on writing does not put it off."""
    same_side = thread.last_seq > 0 and (thread.waiting_since is not None) == from_patient
    if same_side and thread.notify_at is not None:
        return thread.notify_at
    return at + clock.scaled(NOTIFY_AFTER)


def _mark_own(batch: _Batch, message: Message) -> bool:
    """Who wrote it has read it; messages before it that they have not seen (it was written offline) stay unread."""
    mark = (message.thread_id, message.sender_id)
    if batch.marks.get(mark, 0) != message.seq - 1:
        return False
    batch.marks[mark] = message.seq
    batch.moved.add(mark)
    return True


def _write(batch: _Batch, readers: Readers) -> None:
    """Messages first: a phrase of danger makes its alert beside them, in the same commit."""
    _insert(batch.fresh)
    touched = list({message.thread_id: batch.threads[message.thread_id] for message in batch.fresh}.values())
    moved = sorted(batch.moved)
    hot_rows(
        MOVE,
        [
            [str(thread.pk) for thread in touched],
            [thread.last_seq for thread in touched],
            [thread.last_at for thread in touched],
            [thread.waiting_since for thread in touched],
            [thread.notify_at for thread in touched],
            [thread.version for thread in touched],
            batch.clinic_id,
            batch.clinic_id,
            batch.at,
            [str(new_id()) for _mark in moved],
            [str(thread) for thread, _person in moved],
            [str(person) for _thread, person in moved],
            [batch.marks[mark] for mark in moved],
        ],
    )
    audit.record_together(_facts(batch, readers))
    theirs = [message for message in batch.fresh if message.from_patient]
    rules = rules_in_force(theirs[0].clinic_id, "phrase") if theirs and batch.has_rules else []
    for message in theirs:
        _judge(message, rules)


def _insert(fresh: list[Message]) -> None:
    """As arrays: the rows of a batch cost PostgreSQL and Python a third of what single values cost."""
    columns = [[str(getattr(one, name)) for one in fresh] for name in IDS]
    columns += [[getattr(one, name) for one in fresh] for name in VALUES]
    hot_rows(INSERT, columns)


def _facts(batch: _Batch, readers: Readers) -> list[Fact]:
    """Each message as made by its sender, and each thread as shown to those who look at it now."""
    facts = []
    shown: set[Any] = set()
    for message in batch.fresh:
        patient = batch.threads[message.thread_id].patient_id
        facts.append(Fact(Action.CREATE, message.sender_id, message, patient_id=patient))
        if message.thread_id not in shown:
            shown.add(message.thread_id)
            people = readers.get(message.thread_id, ())
            facts += [Fact(Action.READ, person, message, "thread", patient) for person in people]
    return facts


@for_the_desk()
def _judge(message: Message, rules: list[Rule]) -> None:
    """A phrase of danger from a patient becomes a P2 in the same transaction, for staff to confirm or dismiss; so do
    the phrases of the clinic's own rules, at their level."""
    hits = find_phrases(message.body)
    if not hits and not rules:
        return
    thread = Thread.objects.select_related("patient").get(pk=message.thread_id)
    written = (Happened(message.pk, message.sent_at, message.body),)
    apply_rules(patient=thread.patient, facts=Facts(at=message.sent_at, written=written), rules=rules)
    if not hits:
        return
    raise_alert(
        patient=thread.patient,
        cause="phrase",
        level=Level.P2,
        title=_("Wrote “%(phrase)s” in a message") % {"phrase": hits[0].phrase},
        source_kind="message",
        source_id=message.pk,
        rule_code="phrase",
        detail=", ".join(hit.phrase for hit in hits),
        synthetic=thread.synthetic,
    )
