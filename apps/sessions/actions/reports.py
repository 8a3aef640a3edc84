"""The REMS form of a session: owed, assembled, handed in by a person. And adverse events, told on when serious."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock, live
from apps.patients.models import Patient
from apps.sessions.actions.sitting import member_of, refusals_audited
from apps.sessions.evidence import local_day
from apps.sessions.models import SERIOUS, AdverseEvent, DosingSession, Product, RemsForm
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.rems_form import rems_form_due, step_day

ASKED_AT = time(9)  # o'clock where the clinic is


def owe_form(session: DosingSession) -> RemsForm | None:
    """A form is owed for every outpatient session with esketamine in the US; in the caller's transaction."""
    course = session.course
    if course.product != Product.ESKETAMINE or course.inpatient or session.clinic.country != "US":
        return None
    day = local_day(session, session.dose_started_at or session.opened_at)
    return RemsForm.objects.create(
        clinic_id=session.clinic_id,
        session=session,
        due_on=rems_form_due(day, day).due,
        next_step_at=step_moment(session, 0),
        synthetic=session.synthetic,
    )


def step_moment(session: DosingSession, step: int) -> datetime:
    """Nine o'clock of the day of that step, where the clinic is."""
    day = local_day(session, session.dose_started_at or session.opened_at)
    moment = datetime.combine(step_day(day, step)[0], ASKED_AT, clock.zone_of(session.clinic.time_zone))
    begun = session.dose_started_at or session.opened_at
    return begun + clock.scaled(moment - begun)


@refusals_audited
@transaction.atomic
def note_submission(*, form: RemsForm, how: str, reference: str, digest: str, actor: User) -> RemsForm:
    """A person says that they handed the form in: where, with which confirmation. Telek never does it itself.

    digest: of what they handed in. Raises TreatmentRefused: not-allowed, done, how.
    """
    member = member_of(actor, Permission.GIVE_DOSES)
    form = RemsForm.objects.select_for_update().get(pk=form.pk)
    if form.submitted_at is not None:
        raise TreatmentRefused("done", _("This form is marked as handed in already."))
    if how not in {"portal", "fax", "phone"}:
        raise TreatmentRefused("how", _("Say how it was handed in."))
    form.submitted_at, form.submitted_by, form.next_step_at = clock.now(), member, None
    form.submitted_how, form.reference, form.content_digest = how, clean(reference, 80), digest
    form.save()
    audit.record(
        action=Action.UPDATE, actor_id=actor.pk, obj=form, patient_id=form.session.patient_id, detail=f"submitted {how}"
    )
    return form


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened. seriousness: a key of SERIOUS, or "" when it was not serious."""

    term: str
    grade: int
    onset_at: datetime
    action: str
    offset_at: datetime | None = None
    follow_up: str = ""
    seriousness: str = ""


@refusals_audited
@transaction.atomic
def report_adverse_event(
    *,
    patient: Patient,
    happened: Happened,
    actor: User,
    session: DosingSession | None = None,
    replaces: AdverseEvent | None = None,
) -> AdverseEvent:
    """Write it down; a serious one (or grade 4 or 5, which always is) is told on at once.

    Raises TreatmentRefused: not-allowed, term, grade, action, time, serious.
    """
    member = member_of(actor, Permission.WRITE_OBSERVATIONS)
    _check(happened)
    row = AdverseEvent.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        session=session,
        term=clean(happened.term, 60),
        grade=happened.grade,
        onset_at=happened.onset_at,
        offset_at=happened.offset_at,
        action=clean(happened.action, 300),
        follow_up=clean(happened.follow_up, 300),
        seriousness=happened.seriousness,
        author=member,
        replaces=replaces,
        synthetic=patient.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    if row.is_serious:
        raise_alert(
            patient=patient,
            cause="serious-adverse-event",
            level="P1" if row.seriousness in ("death", "life-threatening") else "P2",
            title=_("Serious adverse event: %(term)s, grade %(grade)s") % {"term": row.term, "grade": row.grade},
            source_kind="adverse-event",
            source_id=row.pk,
            rule_code=row.seriousness,
            synthetic=row.synthetic,
        )
        live.wake_pump()
    return row


def _check(happened: Happened) -> None:
    now = clock.now()
    if not clean(happened.term, 60) or not clean(happened.action):
        raise TreatmentRefused("term", _("Say what happened and what was done."))
    if not 1 <= happened.grade <= 5:
        raise TreatmentRefused("grade", _("The grade is 1 to 5."))
    if happened.onset_at > now or (
        happened.offset_at is not None and not happened.onset_at <= happened.offset_at <= now
    ):
        raise TreatmentRefused("time", _("It begins before it ends, and not in the future."))
    if happened.seriousness not in {"", *dict(SERIOUS)}:
        raise TreatmentRefused("serious", _("Choose why it is serious."))
    if happened.grade == 5 and happened.seriousness != "death":
        raise TreatmentRefused("serious", _("Grade 5 is death."))
    if happened.grade == 4 and not happened.seriousness:
        raise TreatmentRefused("serious", _("Grade 4 is always serious. Choose why."))
