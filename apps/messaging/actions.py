"""Verbs of a thread: write, read, claim, hand over, make an alert of a message.

How a message is numbered and written down stands in posting.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission, may
from apps.alerts.actions import raise_alert
from apps.alerts.levels import Level
from apps.alerts.models import Alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import live
from apps.core.encryption import Clear
from apps.messaging.files import NewFile
from apps.messaging.marks import Mark, mark
from apps.messaging.models import Attachment, Message, Thread, ThreadTransfer
from apps.messaging.posting import Post, Posted, post
from apps.messaging.refusal import MessageRefused
from apps.patients.models import Patient

BODY_BYTES = 8 * 1024
REASON_LENGTH = 300


@transaction.atomic
def open_thread(*, patient: Patient) -> Thread:
    """The patient's thread with the care team, made when there is none."""
    thread, _made = Thread.every.get_or_create(
        clinic_id=patient.clinic_id, patient=patient, staff_only=False, defaults={"synthetic": patient.synthetic}
    )
    return thread


@transaction.atomic
def open_team_thread(*, patient: Patient, actor: User) -> Thread:
    """What the team says about the patient among themselves, made when there is none. No patient ever sees it."""
    if not actor.may(Permission.CHAT):
        raise MessageRefused("not-staff", _("Only the care team has this conversation."))
    thread, _made = Thread.every.get_or_create(
        clinic_id=patient.clinic_id, patient=patient, staff_only=True, defaults={"synthetic": patient.synthetic}
    )
    return thread


@transaction.atomic
def send_message(*, thread: Thread, body: str, client_id: UUID, actor: User, file: NewFile | None = None) -> Message:
    """Append a message. The same client_id, body and file returns the first row; with another body it is refused.

    body: 1 byte to 8 KiB of UTF-8, or empty beside a file. Raises MessageRefused with code blank, too-long,
    bad-characters, discharged, not-found or conflict.
    """
    _member(actor)
    words = "" if file is not None and not body.strip() else checked_body(body)
    (outcome,) = post([Post(thread.pk, client_id, words, actor)], thread.clinic_id)
    if isinstance(outcome, MessageRefused):
        raise outcome
    _keep_file(outcome, thread, file)
    if outcome.fresh:
        live.publish(f"thread:{thread.pk}", head=outcome.message.seq)
        live.publish("threads", id=str(thread.pk))
    return outcome.message


def _keep_file(posted: Posted, thread: Thread, file: NewFile | None) -> None:
    """The file of a fresh message; beside one that stood there already it must be the same as then."""
    if not posted.fresh:
        kept = Attachment.objects.filter(message=posted.message).values_list("given", flat=True).first()
        if kept != (file.given if file else None):
            raise MessageRefused("conflict", _("This message was sent before with another file."))
    elif file is not None:
        row = Attachment(
            clinic_id=thread.clinic_id,
            message=posted.message,
            patient_id=thread.patient_id,
            kind=file.kind,
            name=file.name,
            size=len(file.content),
            width=file.width,
            height=file.height,
            given=file.given,
            scanned=file.scanned,
        )
        row.content = Clear(file.content)
        row.save(force_insert=True)


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
    (outcome,) = mark([Mark(thread.pk, seq, actor)], thread.clinic_id)
    if isinstance(outcome, MessageRefused):
        raise outcome
    if outcome.moved:
        live.publish(f"thread:{thread.pk}", head=outcome.head, state=True)
        live.publish("threads", id=str(thread.pk))
    return outcome.seq


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
    if thread.staff_only:
        raise MessageRefused("team", _("What is said among the team belongs to all of it."))
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


def _clean(reason: str) -> str:
    return reason.replace("\x00", "").strip()[:REASON_LENGTH]


def _announce(thread: Thread) -> None:
    Thread.every.filter(pk=thread.pk).update(version=F("version") + 1)
    live.publish(f"thread:{thread.pk}", head=thread.last_seq, state=True)
    live.publish("threads", id=str(thread.pk))
