"""Begin and end a course, open a dosing session, ask what must be asked on the day, decide on a hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.patients.models import Patient
from apps.sessions.actions.planning import record_change
from apps.sessions.actions.sitting import announce, keep, locked, member_of, refusals_audited
from apps.sessions.eligibility import REASONS
from apps.sessions.evidence import gate_of
from apps.sessions.models import Course, CourseChangeKind, CourseStatus, DosingSession, GateOverride, PreDoseCheck
from apps.sessions.protocols import in_force, offered, template_of
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.sites import sites_of
from apps.sessions.treatment.courses import TEMPLATES
from apps.sessions.words import STOP_REASONS


@refusals_audited
@transaction.atomic
def start_course(
    *,
    patient: Patient,
    template: str,
    actor: User,
    rems_enrolled_on: date | None = None,
    inpatient: bool = False,
    site: str = "",
) -> Course:
    """A course after one of the templates. Raises TreatmentRefused: not-allowed, template, site, not-active, one-course."""
    member = member_of(actor, Permission.PRESCRIBE)
    _refuse_unknown(patient, template, site)
    if patient.status != "active":
        raise TreatmentRefused("not-active", _("This person is not in care."))
    own = in_force(patient.clinic, template)
    plan = template_of(own) if own else TEMPLATES[template]
    try:
        with transaction.atomic():
            course = Course.objects.create(
                clinic_id=patient.clinic_id,
                patient=patient,
                template=template,
                protocol=own,
                product=plan.product,
                route=plan.route.value,
                indication=plan.indication,
                planned_doses=plan.counted,
                inpatient=inpatient,
                site=site,
                rems_enrolled_on=rems_enrolled_on,
                prescriber=member,
                started_at=clock.now(),
                synthetic=patient.synthetic,
            )
    except IntegrityError:
        raise TreatmentRefused("one-course", _("This person has a course already. End it first.")) from None
    record_change(course, CourseChangeKind.STARTED, member)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=course, detail=template)
    return course


def _refuse_unknown(patient: Patient, template: str, site: str) -> None:
    if template not in offered(patient.clinic):
        raise TreatmentRefused("template", _("Choose a course."))
    if site and site not in sites_of(patient.clinic):
        raise TreatmentRefused("site", _("The clinic has no such site."))


@refusals_audited
@transaction.atomic
def end_course(*, course: Course, status: str, reason: str, actor: User, why: str = "other") -> Course:
    """status: completed, revoked, on-hold or active again; why: of STOP_REASONS. A stop needs a reason.

    An open session stands in the way. What was planned is taken back when it ends.
    """
    member = member_of(actor, Permission.PRESCRIBE)
    course = Course.objects.select_for_update().get(pk=course.pk)
    if course.sessions.filter(status="in-progress").exists():
        raise TreatmentRefused("session-open", _("The person is in the chair. Finish the session first."))
    if status != CourseStatus.ACTIVE and not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    if why not in STOP_REASONS:
        raise TreatmentRefused("why", _("Choose why."))
    course.status, course.stop_reason = status, clean(reason, 300)
    course.ended_at = None if status in (CourseStatus.ACTIVE, CourseStatus.ON_HOLD) else clock.now()
    course.save()
    if course.ended_at is not None:
        course.planned.filter(status="planned").update(status="cancelled")
    record_change(course, CourseChangeKind(status), member, reason=reason, code="" if status == "active" else why)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=course, detail=status)
    return course


@refusals_audited
@transaction.atomic
def correct_site(*, course: Course, site: str, reason: str, actor: User) -> Course:
    """Where the course is given, after it was begun with a wrong place or none; also once it has ended.

    Raises TreatmentRefused: not-allowed, site, reason.
    """
    member = member_of(actor, Permission.GIVE_DOSES, Permission.PRESCRIBE)
    course = Course.objects.select_for_update().get(pk=course.pk)
    if site not in sites_of(course.clinic) or site == course.site:
        raise TreatmentRefused("site", _("Choose another site of the clinic."))
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    before, course.site = course.site, site
    course.save(update_fields=["site"])
    record_change(course, CourseChangeKind.SITE, member, reason=f"{before or '–'} → {site}. {reason}")
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=course, detail="site")
    return course


@refusals_audited
@transaction.atomic
def set_enrolment(*, course: Course, enrolled_on: date | None, actor: User) -> Course:
    """The day on which the person was enrolled in REMS; None: not."""
    member_of(actor, Permission.GIVE_DOSES)
    course.rems_enrolled_on = enrolled_on
    course.save(update_fields=["rems_enrolled_on"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=course, detail="rems_enrolled_on")
    return course


@refusals_audited
@transaction.atomic
def open_session(*, course: Course, chair: str, actor: User) -> DosingSession:
    """The person sits down. Raises TreatmentRefused: not-allowed, course, chair, open-already."""
    member = member_of(actor, Permission.GIVE_DOSES)
    if course.status != CourseStatus.ACTIVE:
        raise TreatmentRefused("course", _("This course does not go on."))
    if not clean(chair, 30):
        raise TreatmentRefused("chair", _("Say which chair."))
    last = course.sessions.exclude(outcome="no-dose").aggregate(last=Max("number"))["last"]
    try:
        with transaction.atomic():
            session = DosingSession.objects.create(
                clinic_id=course.clinic_id,
                patient=course.patient,
                course=course,
                number=(last or 0) + 1,
                chair=clean(chair, 30),
                opened_at=clock.now(),
                opened_by=member,
                synthetic=course.synthetic,
            )
    except IntegrityError:
        raise TreatmentRefused("open-already", _("This person is in a session already.")) from None
    course.planned.filter(status="planned", number=session.number).update(status="done")
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=session)
    announce(session)
    return session


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked on the day. nasal_spray_minutes None: none was used."""

    food_hours: Decimal
    liquid_minutes: int
    ride: bool
    prescriber_present: bool
    nothing_new: bool
    intoxicated: bool = False
    nasal_spray_minutes: int | None = None
    ride_name: str = ""
    prescriber_name: str = ""
    new_findings: tuple[str, ...] = ()


@refusals_audited
@transaction.atomic
def check_before_dose(*, session: DosingSession, asked: Asked, actor: User) -> PreDoseCheck:
    """Today's questions, answered. Each time is a row; the newest counts. Raises TreatmentRefused unknown, contradiction."""
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor)
    if set(asked.new_findings) - REASONS.keys():
        raise TreatmentRefused("unknown", _("This finding is not known."))
    if asked.nothing_new == bool(asked.new_findings):
        raise TreatmentRefused("contradiction", _("Tick what is new, or that nothing is."))
    fields: dict[str, Any] = {name: getattr(asked, name) for name in Asked.__slots__}
    fields["new_findings"] = sorted(asked.new_findings)
    fields["ride_name"], fields["prescriber_name"] = clean(asked.ride_name, 120), clean(asked.prescriber_name, 120)
    row = PreDoseCheck.objects.create(clinic_id=session.clinic_id, session=session, author=member, **fields)
    keep(session, actor, "pre-dose-check")
    return row


@refusals_audited
@transaction.atomic
def override_gate(*, session: DosingSession, code: str, reason: str, actor: User) -> GateOverride:
    """A prescriber goes on in spite of one hold or "not recommended". Raises TreatmentRefused: not-overridable, reason."""
    member = member_of(actor, Permission.PRESCRIBE)
    session = locked(session, actor)
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    if code not in {item.code for item in gate_of(session, clock.now()).to_override}:
        raise TreatmentRefused("not-overridable", _("This cannot be overridden, or does not stand in the way."))
    row = GateOverride.objects.create(
        clinic_id=session.clinic_id, session=session, code=code, reason=clean(reason, 300), author=member
    )
    keep(session, actor, f"override {code}")
    return row
