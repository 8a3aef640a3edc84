"""Book, move, take over and cancel a visit. The database's exclusion constraints are the last wall against doubles."""

from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from psycopg.errors import ExclusionViolation

from apps.accounts.clinic_settings import setting
from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission, may
from apps.alerts.actions import raise_alert
from apps.alerts.models import Alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.core.ids import new_id
from apps.messaging.models import Message
from apps.notifications import actions as notifications
from apps.patients.models import Patient
from apps.sessions import notices
from apps.sessions.free_times import Span
from apps.sessions.models import LIVE, DifferentTime, Visit, VisitEventKind, VisitStatus
from apps.sessions.open_times import absences
from apps.sessions.record import announce, clean, is_patient, keep, locked, member_of, note
from apps.sessions.refusal import VisitRefused
from apps.sessions.visit_rules import MINUTES_MAX, MINUTES_MIN, next_reminder, patient_may_cancel


@transaction.atomic
def book_visit(
    *,
    patient: Patient,
    clinician: Membership,
    starts_at: datetime,
    minutes: int,
    reason: str,
    actor: User | None,
    alert: Alert | None = None,
    message: Message | None = None,
    synthetic: bool = False,
) -> Visit:
    """Book a video visit and tell the person. actor None: the system. alert, message: what it answers.

    Raises VisitRefused: past, length, clinician, discharged, conflict (with every overlap in words), not-allowed.
    """
    if actor is not None and not actor.may(Permission.BOOK_VISITS):
        raise VisitRefused("not-allowed", _("Only staff can book a visit."))
    visit = Visit(
        clinic_id=patient.clinic_id,
        patient=patient,
        clinician=clinician,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=_length(minutes)),
        reason=clean(reason, 120),
        alert=alert,
        message=message,
        synthetic=synthetic or patient.synthetic,
    )
    return place(visit, actor)


def place(visit: Visit, actor: User | None) -> Visit:
    """Check a new visit, write it, tell the person and the desk. Raises VisitRefused as book_visit does."""
    check(visit)
    visit.next_step_at = next_reminder(visit.starts_at, clock.now())
    put(visit)
    note(visit, VisitEventKind.BOOKED, actor)
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=visit)
    notices.tell_booked(visit)
    announce(visit)
    return visit


@transaction.atomic
def change(
    *,
    visit: Visit,
    actor: User,
    starts_at: datetime | None = None,
    minutes: int | None = None,
    clinician: Membership | None = None,
    reason: str | None = None,
) -> Visit:
    """Move a planned visit, or give it another length, clinician or reason. Reminders begin anew.

    Raises VisitRefused as book_visit does, and begun when it is no longer planned.
    """
    visit = locked(visit, actor, Permission.BOOK_VISITS)
    if visit.status != VisitStatus.PLANNED:
        raise VisitRefused("begun", _("This visit can no longer be moved."))
    length = timedelta(minutes=_length(minutes)) if minutes is not None else visit.ends_at - visit.starts_at
    moved = starts_at is not None and starts_at != visit.starts_at
    visit.starts_at = starts_at or visit.starts_at
    visit.ends_at = visit.starts_at + length
    visit.clinician = clinician or visit.clinician
    visit.reason = visit.reason if reason is None else clean(reason, 120)
    check(visit)
    visit.next_step_at = next_reminder(visit.starts_at, clock.now())
    visit.delay_minutes = 0
    put(visit)
    notifications.cancel(subject_kind="visit", subject_id=visit.pk)
    keep(visit, VisitEventKind.MOVED, actor, visit.clinician.user.name)
    if moved:
        notices.tell_booked(visit)
    return visit


@transaction.atomic
def take_over(*, visit: Visit, actor: User) -> Visit:
    """Another clinician holds the visit. Refused while the first one is in the call, and in a conflict."""
    visit = locked(visit, actor, Permission.HOLD_VISITS)
    member = member_of(actor)
    if visit.clinician_id == member.pk:
        return visit
    if not visit.is_live:
        raise VisitRefused("over", _("This visit is over."))
    if visit.seats.filter(by_patient=False, left_at__isnull=True, seen_at__gt=notices.fresh_since()).exists():
        raise VisitRefused("taken", _("%(name)s is in the call.") % {"name": visit.clinician.user.name})
    visit.clinician = member
    check(visit, in_future=False)
    put(visit)
    return keep(visit, VisitEventKind.TAKEN_OVER, actor, member.user.name)


@transaction.atomic
def cancel(*, visit: Visit, reason: str, actor: User) -> Visit:
    """Cancel a visit that has not begun; whoever waits for it sees so at once.

    The person may until so many hours before the start as the clinic has set. Raises VisitRefused: begun, over, late, reason.
    """
    visit = locked(visit, actor, Permission.BOOK_VISITS, Permission.OWN_RECORD)
    if visit.status == VisitStatus.CANCELLED:
        return visit
    if visit.status == VisitStatus.IN_PROGRESS:
        raise VisitRefused("begun", _("The visit has begun. End it instead."))
    if visit.status == VisitStatus.FINISHED:
        raise VisitRefused("over", _("This visit is over."))
    if is_patient(actor) and not may_still_cancel(visit):
        raise VisitRefused("late", _("It is too close to the visit to cancel here. Please phone the clinic."))
    if not clean(reason) and not is_patient(actor):
        raise VisitRefused("reason", _("Say why. The person sees it."))
    visit.status, visit.next_step_at = VisitStatus.CANCELLED, None
    visit.cancel_reason = clean(reason)
    notifications.cancel(subject_kind="visit", subject_id=visit.pk)
    keep(visit, VisitEventKind.CANCELLED, actor, visit.cancel_reason)
    if is_patient(actor):
        with for_the_desk():
            _tell_clinic(visit, "visit-cancelled", _("Cancelled the visit of %(when)s"))
    else:
        notices.tell_cancelled(visit)
    return visit


@transaction.atomic
def ask_for_visit(*, patient: Patient, wish: str, actor: User, visit: Visit | None = None) -> Alert:
    """The person asks for a visit, or for another time of `visit`: a task for the clinic. wish: their words."""
    if patient.status != "active" or patient.user_id != actor.pk:
        raise VisitRefused("not-allowed", _("Please phone the clinic to book a visit."))
    if not clean(wish):
        raise VisitRefused("blank", _("Say which days and times suit you."))
    with for_the_desk():
        title = _("Asks for another time than %(when)s") if visit else _("Asks for a video visit")
    return raise_alert(
        patient=patient,
        cause="visit-request",
        level="P3",
        title=title % {"when": local_words(visit)} if visit else title,
        source_kind="visit-request",
        source_id=new_id(),
        rule_code="visit-request",
        detail=clean(wish, 300),
    )


def may_still_cancel(visit: Visit) -> bool:
    """May the person cancel or move it without a phone call to the clinic?"""
    hours = setting(visit.clinic, "visit_cancel_hours")
    return patient_may_cancel(visit.starts_at, clock.now(), timedelta(hours=hours))


def conflicts(visit: Visit) -> list[str]:
    """All that overlaps, in words (clinic's time): live visits of the clinician or patient, the clinician's absence."""
    rows = Visit.objects.filter(Q(clinician_id=visit.clinician_id) | Q(patient_id=visit.patient_id))
    rows = rows.filter(status__in=LIVE, starts_at__lt=visit.ends_at, ends_at__gt=visit.starts_at)
    rows = rows.filter(clinic_id=visit.clinic_id).exclude(pk=visit.pk)
    away = absences(visit.clinician_id, Span(visit.starts_at, visit.ends_at))
    found = [_conflict(other, visit) for other in rows.select_related("patient", "clinician__user", "clinic")]
    return found + [_absence(one, visit) for one in away]


def _absence(away: DifferentTime, visit: Visit) -> str:
    zone = clock.zone_of(visit.clinic.time_zone)
    words = {
        "clinician": visit.clinician.user.name,
        "from": date_format(away.starts_at.astimezone(zone), "D j M H:i"),
        "to": date_format(away.ends_at.astimezone(zone), "D j M H:i"),
    }
    return _("%(clinician)s is away, %(from)s to %(to)s.") % words


def _conflict(other: Visit, visit: Visit) -> str:
    zone = clock.zone_of(other.clinic.time_zone)
    words = {
        "clinician": other.clinician.user.name,
        "patient": str(other.patient),
        "from": date_format(other.starts_at.astimezone(zone), "D j M H:i"),
        "to": date_format(other.ends_at.astimezone(zone), "H:i"),
    }
    if other.clinician_id == visit.clinician_id:
        return _("%(clinician)s has a visit with %(patient)s, %(from)s to %(to)s.") % words
    return _("%(patient)s has a visit with %(clinician)s, %(from)s to %(to)s.") % words


@for_the_desk()
def local_words(visit: Visit) -> str:
    """Its start as the clinic says it."""
    return date_format(visit.starts_at.astimezone(clock.zone_of(visit.clinic.time_zone)), "D j M H:i")


def _length(minutes: int) -> int:
    if not MINUTES_MIN <= minutes <= MINUTES_MAX:
        limits = {"low": MINUTES_MIN, "high": MINUTES_MAX}
        raise VisitRefused("length", _("A visit lasts between %(low)s and %(high)s minutes.") % limits)
    return minutes


def check(visit: Visit, *, in_future: bool = True) -> None:
    """Everything that can be said in words before the constraints speak."""
    queue_up(visit)
    if in_future and visit.starts_at < clock.now():
        raise VisitRefused("past", _("That time is over already."))
    if visit.patient.status != "active":
        raise VisitRefused("discharged", _("This person is no longer in care here."))
    person = visit.clinician
    holds = person.clinic_id == visit.clinic_id and may(person.role, Permission.HOLD_VISITS)
    if not holds or (person.ended_at is not None and person.ended_at <= clock.now()):
        raise VisitRefused("clinician", _("That person does not hold visits here."))
    found = conflicts(visit)
    if found:
        raise VisitRefused("conflict", " ".join(found))


def queue_up(visit: Visit) -> None:
    """One booking a clinician and a patient at a time, in a fixed order: two at once see each other's rows."""
    with connection.cursor() as cursor:
        for key in sorted((f"visit:{visit.clinician_id}", f"visit:{visit.patient_id}")):
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def put(visit: Visit) -> None:
    """Write it; the database's constraints have the last word. Raises VisitRefused: conflict."""
    try:
        with transaction.atomic():
            visit.save()
    except IntegrityError as error:
        if isinstance(error.__cause__, ExclusionViolation):
            raise VisitRefused("conflict", _("That time was taken a moment ago.")) from error
        raise


def _tell_clinic(visit: Visit, cause: str, title: str) -> None:
    raise_alert(
        patient=visit.patient,
        cause=cause,
        level="P3",
        title=title % {"when": local_words(visit)},
        source_kind="visit",
        source_id=visit.pk,
        rule_code=cause,
        detail=visit.cancel_reason,
        synthetic=visit.synthetic,
    )
