"""What calms: a clinic uploads and withdraws tracks and exercises; what is heard in a session stands in its history."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.patients.models import Patient
from apps.sessions.actions.events import Tap, note_own
from apps.sessions.actions.sitting import member_of, refusals_audited
from apps.sessions.models import CalmExercise, CalmTrack, DosingSession, SessionEvent, TrackKind
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.calm import MOST_MEGABYTES, Pace, media_type_of

MEGABYTE = 1024 * 1024
MOST_LINES = 12
HEARD = {"begins": "", "calmer": "calmer: ", "stopped": "stopped: ", "exercise": "exercise: "}


@refusals_audited
@transaction.atomic
def add_track(
    *, clinic: Clinic, title: str, kind: str, licence: str, attribution: str, data: bytes, actor: User
) -> CalmTrack:
    """Raises TreatmentRefused: not-allowed, title, licence (no right to play it is written down), kind, size, no-sound, twice."""
    member = member_of(actor, Permission.MANAGE_CLINIC)
    if not clean(title, 120):
        raise TreatmentRefused("title", _("Give it a title."))
    if not clean(licence, 200):
        raise TreatmentRefused("licence", _("Write down under which licence the clinic may play it."))
    if kind not in TrackKind.values:
        raise TreatmentRefused("kind", _("Choose when it is played."))
    if len(data) > MOST_MEGABYTES * MEGABYTE:
        raise TreatmentRefused("size", _("The file is too large: %(n)s MB at most.") % {"n": MOST_MEGABYTES})
    media_type = media_type_of(data)
    if media_type is None:
        raise TreatmentRefused("no-sound", _("Only MP3, Ogg, FLAC, WAV and M4A files."))
    try:
        with transaction.atomic():
            row = CalmTrack.objects.create(
                clinic=clinic,
                title=clean(title, 120),
                kind=kind,
                licence=clean(licence, 200),
                attribution=clean(attribution, 200),
                media_type=media_type,
                content=data,
                size=len(data),
                digest=hashlib.sha256(data).hexdigest(),
                uploaded_by=member,
            )
    except IntegrityError:
        raise TreatmentRefused("twice", _("This track is there already.")) from None
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    return row


@refusals_audited
@transaction.atomic
def add_exercise(*, clinic: Clinic, title: str, lines: Sequence[str], pace: Pace, actor: User) -> CalmExercise:
    """Raises TreatmentRefused: not-allowed, title, lines, pace."""
    member = member_of(actor, Permission.MANAGE_CLINIC)
    steps = [line for line in (clean(one, 300) for one in lines) if line]
    if not clean(title, 120):
        raise TreatmentRefused("title", _("Give it a title."))
    if not 0 < len(steps) <= MOST_LINES:
        raise TreatmentRefused("lines", _("Write 1 to %(n)s steps, each on a line.") % {"n": MOST_LINES})
    try:
        with transaction.atomic():
            row = CalmExercise.objects.create(
                clinic=clinic,
                title=clean(title, 120),
                lines=steps,
                breathe_in=pace.breathe_in,
                hold=pace.hold,
                breathe_out=pace.breathe_out,
                minutes=pace.minutes,
                written_by=member,
            )
    except IntegrityError:
        words = _("Breathe in 2 to 12, hold at most 8, out 2 to 16 seconds (or none of it); 1 to 30 minutes.")
        raise TreatmentRefused("pace", words) from None
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    return row


@refusals_audited
@transaction.atomic
def withdraw_calm(*, row: CalmTrack | CalmExercise, actor: User) -> None:
    """It is offered no more; what was heard stays in the histories. Said again, nothing changes."""
    member_of(actor, Permission.MANAGE_CLINIC)
    fresh = type(row)._default_manager.select_for_update().get(pk=row.pk)
    if fresh.withdrawn_at is None:
        fresh.withdrawn_at = clock.now()
        fresh.save(update_fields=["withdrawn_at"])
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=fresh, detail="withdrawn")


@transaction.atomic
def note_heard(*, patient: Patient, what: str, title: str, client_id: UUID, actor: User) -> SessionEvent | None:
    """The person plays, calms or stops; kept with the session that they are in, else nowhere (None).

    The same client id is the same event. Raises TreatmentRefused: not-yours, kind.
    """
    if patient.user_id != actor.pk:
        raise TreatmentRefused("not-yours", _("This is not your record."))
    if what not in HEARD or not clean(title, 120):
        raise TreatmentRefused("kind", _("This cannot be noted here."))
    rows = DosingSession.objects.select_for_update(of=("self",)).select_related("patient", "course", "clinic")
    session = rows.filter(patient=patient, status="in-progress").first()
    if session is None:
        return None
    text = f"{HEARD[what]}{clean(title, 120)}"
    return note_own(session=session, tap=Tap(client_id, "music", clock.now(), text=text), actor=actor)
