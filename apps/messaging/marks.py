"""How far people have read: the one way in, for one mark or for many that wait at the same moment.

A mark only grows and never passes the last message. Like messages (posting) a batch takes its threads' locks in one order
and writes in one statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission, Role
from apps.core import clock
from apps.core.db.hot import hot_rows
from apps.core.ids import new_id
from apps.messaging.refusal import MessageRefused

LOCK = """
select t.id, t.last_seq, t.version, t.staff_only, p.user_id
from messaging_thread t join patients_patient p on p.clinic_id = t.clinic_id and p.id = t.patient_id
where t.clinic_id = %s::uuid and t.id = any(%s::uuid[]) order by t.id for update of t
"""
MARKS = (
    "select thread_id, user_id, seq from messaging_readmark where clinic_id = %s::uuid and thread_id = any(%s::uuid[])"
)
WRITE = """
with moved as (
  update messaging_thread t set version = r.version from unnest(%s::uuid[], %s::bigint[]) as r(id, version)
  where t.clinic_id = %s::uuid and t.id = r.id
)
insert into messaging_readmark as k (id, clinic_id, thread_id, user_id, seq, at)
select r.id, %s::uuid, r.thread, r.person, r.seq, %s::timestamptz
from unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[]) as r(id, thread, person, seq)
on conflict (clinic_id, thread_id, user_id) do update set seq = greatest(k.seq, excluded.seq), at = excluded.at
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody says they have read; reader.membership is set."""

    thread_id: UUID
    seq: int
    reader: User


@dataclass(frozen=True, slots=True)
class Marked:
    """Where the mark stands. moved: it grew; furthest: nobody else of that side has read further (among staff: unknown).

    head and version: the thread's.
    """

    seq: int
    moved: bool
    furthest: bool
    head: int
    version: int
    at: datetime


@dataclass
class _Talk:
    """A locked thread, and how far everybody has read it."""

    last_seq: int
    version: int
    staff_only: bool
    patient: UUID
    marks: dict[UUID, int] = field(default_factory=dict)


@transaction.atomic(savepoint=False)
def mark(marks: Sequence[Mark], clinic_id: UUID) -> list[Marked | MessageRefused]:
    """One outcome for each, in order. Needs the clinic in scope; announces nothing."""
    talks = _locked(clinic_id, {one.thread_id for one in marks})
    at = clock.now()
    moved: dict[tuple[UUID, UUID], int] = {}
    outcomes = [_place(talks.get(one.thread_id), one, moved, at) for one in marks]
    if moved:
        _write(clinic_id, talks, moved, at)
    return outcomes


def _locked(clinic_id: UUID, ids: set[UUID]) -> dict[UUID, _Talk]:
    wanted = sorted(str(pk) for pk in ids)
    talks = {pk: _Talk(*rest) for pk, *rest in hot_rows(LOCK, [clinic_id, wanted])}
    for thread, person, seq in hot_rows(MARKS, [clinic_id, wanted]):  # after the locks: it sees what they waited for
        if thread in talks:  # PostgreSQL may hide the thread and not its marks
            talks[thread].marks[person] = seq
    return talks


def _place(talk: _Talk | None, one: Mark, moved: dict[tuple[UUID, UUID], int], at: datetime) -> Marked | MessageRefused:
    if talk is None or not _may_read(talk, one.reader):
        with translation.override(one.reader.language):
            return MessageRefused("not-found", _("There is no such conversation."))
    before = talk.marks.get(one.reader.pk)
    seq = max(before or 0, min(max(one.seq, 0), talk.last_seq))
    grew = seq != before
    furthest = not talk.staff_only and seq > max(
        (n for who, n in talk.marks.items() if _same_side(talk, who, one)), default=0
    )
    if grew:
        talk.marks[one.reader.pk] = moved[one.thread_id, one.reader.pk] = seq
        talk.version += 1
    return Marked(seq, grew, grew and furthest, talk.last_seq, talk.version, at)


def _same_side(talk: _Talk, person: UUID, one: Mark) -> bool:
    return (person == talk.patient) == (one.reader.pk == talk.patient)


def _may_read(talk: _Talk, reader: User) -> bool:
    """The same as Thread.visible_to."""
    if reader.membership is not None and reader.membership.role == Role.PATIENT:
        return talk.patient == reader.pk and not talk.staff_only
    return reader.may(Permission.CHAT)


def _write(clinic_id: UUID, talks: dict[UUID, _Talk], moved: dict[tuple[UUID, UUID], int], at: datetime) -> None:
    touched = sorted({thread for thread, _person in moved})
    keys = sorted(moved)
    columns: list[Any] = [
        [str(pk) for pk in touched],
        [talks[pk].version for pk in touched],
        clinic_id,
        clinic_id,
        at,
        [str(new_id()) for _key in keys],
        [str(thread) for thread, _person in keys],
        [str(person) for _thread, person in keys],
        [moved[key] for key in keys],
    ]
    hot_rows(WRITE, columns)
