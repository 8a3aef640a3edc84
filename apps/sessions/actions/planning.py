"""Plan the days of a course, move one, review it, change its phase. Each change keeps what was known, and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock, live
from apps.sessions.actions.sitting import member_of, refusals_audited
from apps.sessions.check_reminders import set_reminder
from apps.sessions.course_record import busy_of, given_days, house_of, seen_of, today_of, wanted_of
from apps.sessions.models import Course, CourseChange, CourseChangeKind, CourseStatus, PlannedDose
from apps.sessions.protocols import plan_of
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.planning import AT_MOST, conflicts
from apps.sessions.words import listed

#: Nobody plans these: the label forbids them, or they cannot be.
NEVER = frozenset({"past", "second_session_same_day", "over_two_in_7_days"})
LENGTH = timedelta(hours=2)
Days = Mapping[int, tuple[datetime, datetime]]


def record_change(
    course: Course, kind: CourseChangeKind, member: Membership, *, reason: str = "", code: str = ""
) -> CourseChange:
    """One row of the course's history, with what is known now."""
    return CourseChange.objects.create(
        clinic_id=course.clinic_id,
        course=course,
        kind=kind,
        phase=course.phase,
        code=code,
        reason=clean(reason, 300),
        seen=seen_of(course, clock.now()),
        author=member,
    )


def conflicts_of(course: Course, days: Days) -> dict[int, tuple[str, ...]]:
    """What stands against each of these doses (number -> from, to)."""
    if not days:
        return {}
    plan = [wanted_of(number, *span, course.clinic) for number, span in sorted(days.items())]
    first, last = min(one.span.starts_at for one in plan), max(one.span.ends_at for one in plan)
    busy = busy_of(course, first, last)
    return conflicts(plan_of(course), plan, busy, house_of(course.clinic), today_of(course, clock.now()))


@refusals_audited
@transaction.atomic
def plan_course(*, course: Course, days: Days, actor: User, reason: str = "") -> list[PlannedDose]:
    """The plan from now on: takes the place of every day that is planned and has not come.

    With conflicts it needs a reason; what the label forbids is not planned. Raises TreatmentRefused: not-allowed, course,
    numbers, forbidden, conflicts.
    """
    member = member_of(actor, Permission.PRESCRIBE, Permission.GIVE_DOSES)
    course = _locked(course, actor)
    given = len(given_days(course))
    if not days or sorted(days) != list(range(given + 1, given + len(days) + 1)) or len(days) > AT_MOST:
        raise TreatmentRefused("numbers", _("Plan the next doses in their order."))
    _refuse_conflicts(conflicts_of(course, days), reason)
    course.planned.filter(status="planned").update(status="cancelled")
    rows = [
        PlannedDose(clinic_id=course.clinic_id, course=course, number=number, starts_at=start, ends_at=end)
        for number, (start, end) in sorted(days.items())
    ]
    for row in rows:
        set_reminder(row, course.patient.time_zone)
    PlannedDose.objects.bulk_create(rows)
    record_change(course, CourseChangeKind.PLANNED, member, reason=reason)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=course, detail="planned")
    live.wake_pump()
    return rows


@refusals_audited
@transaction.atomic
def move_planned(*, course: Course, planned_id: UUID, starts_at: datetime, actor: User, reason: str) -> PlannedDose:
    """One planned dose to another time; those after it keep at least their spacing, by as many days as it needs.

    Raises TreatmentRefused: not-allowed, course, not-found, reason, forbidden, conflicts.
    """
    member = member_of(actor, Permission.PRESCRIBE, Permission.GIVE_DOSES)
    course = _locked(course, actor)
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    rows = list(course.planned.select_for_update().filter(status="planned").order_by("number"))
    moved = next((row for row in rows if row.pk == planned_id), None)
    if moved is None:
        raise TreatmentRefused("not-found", _("This day is not planned any more."))
    shift = starts_at - moved.starts_at
    for row in rows:
        if row.number == moved.number or (row.number > moved.number and shift > timedelta(0)):
            row.starts_at, row.ends_at = row.starts_at + shift, row.ends_at + shift
            set_reminder(row, course.patient.time_zone)
    days = {row.number: (row.starts_at, row.ends_at) for row in rows}
    stands = conflicts_of(course, days)
    _refuse_conflicts({number: codes for number, codes in stands.items() if number == moved.number}, reason)
    PlannedDose.objects.bulk_update(rows, ["starts_at", "ends_at", "next_step_at"])
    record_change(course, CourseChangeKind.MOVED, member, reason=reason)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=course, detail=f"moved {moved.number}")
    return moved


@refusals_audited
@transaction.atomic
def change_phase(*, course: Course, phase: int, reason: str, actor: User) -> Course:
    """Into another phase of its template. Raises TreatmentRefused: not-allowed, course, phase, reason."""
    member = member_of(actor, Permission.PRESCRIBE)
    course = _locked(course, actor)
    if not 0 <= phase < len(plan_of(course).phases) or phase == course.phase:
        raise TreatmentRefused("phase", _("Choose another phase of this course."))
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    course.phase = phase
    course.save(update_fields=["phase"])
    record_change(course, CourseChangeKind.PHASE, member, reason=reason)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=course, detail=f"phase {phase}")
    return course


@refusals_audited
@transaction.atomic
def review_course(*, course: Course, reason: str, actor: User) -> CourseChange:
    """A prescriber looked at how it goes and lets it go on. Raises TreatmentRefused: not-allowed, course, reason."""
    member = member_of(actor, Permission.PRESCRIBE)
    course = _locked(course, actor)
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say what you decided, and why."))
    change = record_change(course, CourseChangeKind.REVIEWED, member, reason=reason)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=course, detail="reviewed")
    return change


def _locked(course: Course, actor: User) -> Course:
    rows = Course.objects.visible_to(actor).select_for_update(of=("self",))
    fresh = rows.select_related("patient__clinic", "clinic", "protocol", "prescriber").filter(pk=course.pk).first()
    if fresh is None or fresh.status not in (CourseStatus.ACTIVE, CourseStatus.ON_HOLD):
        raise TreatmentRefused("course", _("This course does not go on."))
    return fresh


def _refuse_conflicts(found: Mapping[int, tuple[str, ...]], reason: str) -> None:
    codes = tuple(dict.fromkeys(code for one in found.values() for code in one))
    forbidden = tuple(code for code in codes if code in NEVER)
    if forbidden:
        raise TreatmentRefused("forbidden", _("This cannot be planned. %(what)s.") % {"what": listed(forbidden)}, codes)
    if codes and not clean(reason):
        words = _("Something stands against it: say why it is planned so. %(what)s.")
        raise TreatmentRefused("conflicts", words % {"what": listed(codes)}, codes)
