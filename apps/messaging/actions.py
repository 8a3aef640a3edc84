"""Verbs of a thread: write, read, claim, hand over, make an alert of a message.

A message's sequence number is taken under the thread's row lock, so that numbers have no holes and their order is
the order of commits. The same client id again is the same message.
"""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission, Role, may
from apps.alerts.actions import raise_alert
from apps.alerts.levels import Level
from apps.alerts.models import Alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock, live
from apps.core.failpoints import failpoint
from apps.messaging.models import Message, ReadMark, Thread, ThreadTransfer
from apps.messaging.phrases import find_phrases
from apps.patients.models import Patient

BODY_BYTES = 8 * 1024
NOTIFY_AFTER = timedelta(seconds=60)  # an unread message reaches the person another way after that
REASON_LENGTH = 300


class MessageRefused(Exception):
    """What was asked does not fit: code is a short word, message is for the person. Nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@transaction.atomic
def open_thread(*, patient: Patient) -> Thread:
    """The patient's thread with the care team, made when there is none."""
    thread, _made = Thread.objects.get_or_create(
        clinic_id=patient.clinic_id, patient=patient, defaults={"synthetic": patient.synthetic}
    )
    return thread


@transaction.atomic
def send_message(*, thread: Thread, body: str, client_id: UUID, actor: User) -> Message:
    """Append a message. The same client_id and body returns the first row; with another body it is refused.

    body: 1 byte to 8 KiB of UTF-8. Raises MessageRefused with code blank, too-long, bad-characters, discharged or
    conflict.
    """
    membership = _member(actor)
    body = checked_body(body)
    locked = Thread.objects.select_for_update(of=("self",)).select_related("patient", "clinic").get(pk=thread.pk)
    known = Message.objects.filter(thread=locked, sender=actor, client_id=client_id).first()
    if known is not None:
        return _same(known, body)
    from_patient = membership.role == Role.PATIENT
    if locked.patient.status != "active":
        raise MessageRefused("discharged", _discharged_words(from_patient=from_patient))
    message = _append(locked, body, client_id, actor, from_patient=from_patient)
    _judge(locked, message)
    _mark_own(locked, actor, message.seq)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=message, patient_id=locked.patient_id)
    failpoint("chat.before-commit")
    transaction.on_commit(partial(failpoint, "chat.after-commit"))
    _announce(locked)
    return message


def checked_body(body: str) -> str:
    """The body as it is stored. Raises MessageRefused."""
    body = body.replace("\r\n", "\n").strip()
    if not body:
        raise MessageRefused("blank", _("Please write something first."))
    try:
        size = len(body.encode())
    except UnicodeEncodeError as error:
        raise MessageRefused("bad-characters", _("The message has a character that cannot be stored.")) from error
    if "\x00" in body:
        raise MessageRefused("bad-characters", _("The message has a character that cannot be stored."))
    if size > BODY_BYTES:
        raise MessageRefused("too-long", _("The message is too long. Please send it in parts."))
    return body


@transaction.atomic
def mark_read(*, thread: Thread, seq: int, actor: User) -> int:
    """Move the person's read mark; it only grows and never passes the last message. Returns where it stands."""
    _member(actor)
    locked = Thread.objects.select_for_update(of=("self",)).get(pk=thread.pk)
    before = ReadMark.objects.filter(thread=locked, user=actor).values_list("seq", flat=True).first()
    mark = _put_mark(locked, actor, min(max(seq, 0), locked.last_seq))
    if mark != before:
        _announce(locked)
    return mark


@transaction.atomic
def claim(*, thread: Thread, actor: User) -> Thread:
    """Take the thread: one named person answers. Raises MessageRefused when somebody else has it."""
    return _transfer(thread, actor, _member(actor), reason="", only_free=True)


@transaction.atomic
def hand_over(*, thread: Thread, to: Membership, reason: str, actor: User) -> Thread:
    """Give the thread to a colleague, with the reason."""
    if not _clean(reason):
        raise MessageRefused("reason", _("Please say why you hand this over."))
    if to.ended_at is not None or not may(to.role, Permission.CHAT):
        raise MessageRefused("not-staff", _("That person does not answer messages here."))
    return _transfer(thread, actor, to, reason=_clean(reason), only_free=False)


@transaction.atomic
def make_alert(*, message: Message, level: Level, reason: str, actor: User) -> Alert:
    """A member of staff makes an alert of what a patient wrote. The same message again is the same alert.

    reason: why, in their words, for the desk only. Raises MessageRefused.
    """
    if not actor.may(Permission.HANDLE_ALERTS):
        raise MessageRefused("not-staff", _("You may not make alerts here."))
    if not message.from_patient:
        raise MessageRefused("not-patient", _("Only a patient's own words can become an alert."))
    if not _clean(reason):
        raise MessageRefused("reason", _("Please say why this needs somebody."))
    alert = raise_alert(
        patient=message.thread.patient,
        cause="message",
        level=level,
        title=_("Message: %(reason)s") % {"reason": _clean(reason)},
        source_kind="message",
        source_id=message.pk,
        rule_code="staff",
        detail=_("made by %(name)s") % {"name": actor.name},
        synthetic=message.thread.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=alert, detail="made of a message")
    return alert


def _transfer(thread: Thread, actor: User, to: Membership, *, reason: str, only_free: bool) -> Thread:
    member = _member(actor)
    if not actor.may(Permission.CHAT):
        raise MessageRefused("not-staff", _("Only staff can take a conversation."))
    locked = Thread.objects.select_for_update(of=("self",)).select_related("owner__user").get(pk=thread.pk)
    if only_free and locked.owner is not None and locked.owner_id != to.pk:
        raise MessageRefused("taken", _("%(name)s has this conversation.") % {"name": locked.owner.user.name})
    if locked.owner_id == to.pk:
        return locked
    locked.owner = to
    locked.save(update_fields=["owner"])
    ThreadTransfer.objects.create(clinic_id=locked.clinic_id, thread=locked, actor=member, to=to, reason=reason)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=locked, detail="owner")
    _announce(locked)
    return locked


def _member(actor: User) -> Membership:
    if actor.membership is None:
        raise MessageRefused("no-clinic", _("Please sign in again."))
    return actor.membership


def _discharged_words(*, from_patient: bool) -> str:
    if from_patient:
        return _("This conversation has ended. Please phone the clinic.")
    return _("This person is no longer in care here. Please phone them.")


def _clean(reason: str) -> str:
    return reason.replace("\x00", "").strip()[:REASON_LENGTH]


def _same(known: Message, body: str) -> Message:
    if known.body != body:
        raise MessageRefused("conflict", _("This message was sent before with other words."))
    return known


def _append(thread: Thread, body: str, client_id: UUID, actor: User, *, from_patient: bool) -> Message:
    at = clock.now()
    thread.notify_at = _notify_at(thread, at, from_patient=from_patient)
    thread.last_seq += 1
    thread.last_at = at
    thread.waiting_since = (thread.waiting_since or at) if from_patient else None
    thread.save(update_fields=["last_seq", "last_at", "notify_at", "waiting_since"])
    return Message.objects.create(
        clinic_id=thread.clinic_id,
        thread=thread,
        seq=thread.last_seq,
        client_id=client_id,
        sender=actor,
        from_patient=from_patient,
        body=body,
        sent_at=at,
    )


def _notify_at(thread: Thread, at: datetime, *, from_patient: bool) -> datetime:
    """A minute after the first message to that side: one who goes on writing does not put it off."""
    same_side = thread.last_seq > 0 and (thread.waiting_since is not None) == from_patient
    if same_side and thread.notify_at is not None:
        return thread.notify_at
    return at + clock.scaled(NOTIFY_AFTER)


def _judge(thread: Thread, message: Message) -> None:
    """A phrase of danger from a patient becomes a P2 in the same transaction, for staff to confirm or dismiss."""
    hits = find_phrases(message.body) if message.from_patient else []
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


def _mark_own(thread: Thread, actor: User, seq: int) -> None:
    """Who wrote it has read it; messages before it that they have not seen (it was written offline) stay unread."""
    before = ReadMark.objects.filter(thread=thread, user=actor).values_list("seq", flat=True).first() or 0
    if before == seq - 1:
        _put_mark(thread, actor, seq)


def _put_mark(thread: Thread, actor: User, seq: int) -> int:
    mark, made = ReadMark.objects.get_or_create(
        clinic_id=thread.clinic_id, thread=thread, user=actor, defaults={"seq": seq, "at": clock.now()}
    )
    if not made and seq > mark.seq:
        mark.seq, mark.at = seq, clock.now()
        mark.save(update_fields=["seq", "at"])
    return mark.seq


def _announce(thread: Thread) -> None:
    Thread.objects.filter(pk=thread.pk).update(version=F("version") + 1)
    live.publish(f"thread:{thread.pk}", head=thread.last_seq)
    live.publish("threads", id=str(thread.pk))
