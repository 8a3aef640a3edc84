"""The note of a visit: a draft that saves itself, signed with a next step, corrected only by a new one."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.sessions.models import Visit, VisitNote
from apps.sessions.record import announce, for_its_clinician, locked, member_of
from apps.sessions.refusal import VisitRefused

TEXT_LIMIT = 20_000
NEXT_STEPS = frozenset(value for value, _label in VisitNote._meta.get_field("next_step").choices or [])
DRAFT, SIGNED, IN_ERROR = "preliminary", "final", "entered-in-error"


@transaction.atomic
def save_note(
    *,
    visit: Visit,
    text: str,
    actor: User,
    next_step: str = "",
    next_step_on: date | None = None,
    for_patient: str = "",
) -> VisitNote:
    """Keep the draft of the visit's clinician, made when there is none. for_patient: what the person reads of it.

    Raises VisitRefused: not-yours, not-begun, signed, too-long, next-step.
    """
    visit = locked(visit, actor, Permission.HOLD_VISITS)
    member = for_its_clinician(visit, actor)
    _must_have_begun(visit)
    _must_be_unsigned(visit)
    draft = VisitNote.objects.filter(visit=visit, author=member, status=DRAFT).first()
    draft = draft or VisitNote(clinic_id=visit.clinic_id, visit=visit, author=member)
    draft.text, draft.next_step, draft.next_step_on = _text(text), _step(next_step), next_step_on
    draft.for_patient, draft.saved_at = _text(for_patient), clock.now()
    made = draft._state.adding
    draft.save()
    if made:
        _record(Action.CREATE, draft, actor)
    return draft


@transaction.atomic
def sign_note(*, note: VisitNote, next_step: str, actor: User, next_step_on: date | None = None) -> VisitNote:
    """Sign one's draft. A next step is obligatory. Raises VisitRefused: author, blank, next-step, signed."""
    visit = locked(note.visit, actor, Permission.HOLD_VISITS)
    note = VisitNote.objects.select_for_update().get(pk=note.pk)
    if note.author_id != member_of(actor).pk:
        raise VisitRefused("author", _("Only the author signs a note."))
    if note.status == SIGNED:
        return note
    _must_be_unsigned(visit)
    _must_have_begun(visit)
    if not note.text.strip():
        raise VisitRefused("blank", _("The note is empty."))
    note.next_step, note.next_step_on = _obligatory_step(next_step), next_step_on
    note.status, note.signed_at = SIGNED, clock.now()
    note.saved_at = note.signed_at
    note.save()
    _signed(visit, note, actor)
    return note


@transaction.atomic
def correct_note(
    *,
    note: VisitNote,
    text: str,
    next_step: str,
    actor: User,
    next_step_on: date | None = None,
    for_patient: str = "",
) -> VisitNote:
    """Replace a signed note by a new signed one; the old one stays readable as entered in error.

    Raises VisitRefused: not-signed, blank, next-step.
    """
    visit = locked(note.visit, actor, Permission.HOLD_VISITS)
    member: Membership = member_of(actor)
    old = VisitNote.objects.select_for_update().get(pk=note.pk)
    if old.status != SIGNED:
        raise VisitRefused("not-signed", _("Only a signed note is corrected by a new one."))
    if not text.strip():
        raise VisitRefused("blank", _("The note is empty."))
    at = clock.now()
    new = VisitNote.objects.create(
        clinic_id=visit.clinic_id,
        visit=visit,
        author=member,
        text=_text(text),
        for_patient=_text(for_patient),
        next_step=_obligatory_step(next_step),
        next_step_on=next_step_on,
        status=SIGNED,
        signed_at=at,
        saved_at=at,
        corrects=old,
    )
    old.status = IN_ERROR
    old.save(update_fields=["status"])
    _record(Action.UPDATE, old, actor, detail="corrected")
    _signed(visit, new, actor)
    return new


def _signed(visit: Visit, note: VisitNote, actor: User) -> None:
    visit.version += 1
    visit.save(update_fields=["version"])
    _record(Action.UPDATE, note, actor, detail="signed")
    announce(visit)


def _record(action: Action, note: VisitNote, actor: User, detail: str = "") -> None:
    audit.record(action=action, actor_id=actor.pk, obj=note, patient_id=note.visit.patient_id, detail=detail)


def _must_be_unsigned(visit: Visit) -> None:
    if VisitNote.objects.filter(visit=visit, status=SIGNED).exists():
        raise VisitRefused("signed", _("The note is signed. Correct it by a new one."))


def _must_have_begun(visit: Visit) -> None:
    if visit.admitted_at is None:
        raise VisitRefused("not-begun", _("The visit has not begun."))


def _text(text: str) -> str:
    text = text.replace("\x00", "").replace("\r\n", "\n")
    if len(text) > TEXT_LIMIT:
        raise VisitRefused("too-long", _("The note is too long."))
    return text


def _step(next_step: str) -> str:
    if next_step and next_step not in NEXT_STEPS:
        raise VisitRefused("next-step", _("Choose the next step."))
    return next_step


def _obligatory_step(next_step: str) -> str:
    if not next_step:
        raise VisitRefused("next-step", _("Choose the next step: continue, maintenance, adjust, hold or stop."))
    return _step(next_step)
