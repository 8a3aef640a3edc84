"""The person books and moves a visit alone, into times that clinicians have opened, within the clinic's rules."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission
from apps.core import clock
from apps.notifications import actions as notifications
from apps.patients.models import Patient
from apps.sessions import notices
from apps.sessions.actions.booking import check, place, put, queue_up
from apps.sessions.models import Visit, VisitEventKind, VisitStatus
from apps.sessions.open_times import BookingRules, OpenTime, booking_rules, is_open
from apps.sessions.record import keep, locked
from apps.sessions.refusal import VisitRefused
from apps.sessions.visit_rules import next_reminder, patient_may_cancel


@transaction.atomic
def book_own(*, patient: Patient, clinician: Membership, starts_at: datetime, actor: User) -> Visit:
    """Book one of the open times. Raises VisitRefused: not-allowed, limit, not-open, and what book_visit raises."""
    rules = _rules(patient, actor)
    visit = Visit(
        clinic_id=patient.clinic_id,
        patient=patient,
        clinician=clinician,
        starts_at=starts_at,
        ends_at=starts_at + rules.length,
        synthetic=patient.synthetic,
    )
    queue_up(visit)
    ahead = Visit.objects.filter(patient=patient, status=VisitStatus.PLANNED, starts_at__gt=clock.now())
    if ahead.count() >= rules.at_once:
        raise VisitRefused("limit", _("You have visits ahead already. Move one of them, or write to your clinic."))
    _must_be_open(visit, rules)
    return place(visit, actor)


@transaction.atomic
def move_own(*, visit: Visit, clinician: Membership, starts_at: datetime, actor: User) -> Visit:
    """Move one's planned visit to another open time, as long as it may be cancelled. Reminders begin anew.

    Raises VisitRefused: not-found, not-allowed, begun, late, not-open.
    """
    visit = locked(visit, actor, Permission.OWN_RECORD)
    rules = _rules(visit.patient, actor)
    if visit.status != VisitStatus.PLANNED:
        raise VisitRefused("begun", _("This visit can no longer be moved."))
    if not patient_may_cancel(visit.starts_at, clock.now(), rules.cancel_before):
        raise VisitRefused("late", _("It is too close to the visit to change it here. Please phone the clinic."))
    visit.clinician, visit.starts_at, visit.ends_at = clinician, starts_at, starts_at + rules.length
    queue_up(visit)
    _must_be_open(visit, rules, moving=visit)
    check(visit)
    visit.next_step_at, visit.delay_minutes = next_reminder(starts_at, clock.now()), 0
    put(visit)
    notifications.cancel(subject_kind="visit", subject_id=visit.pk)
    keep(visit, VisitEventKind.MOVED, actor, clinician.user.name)
    notices.tell_booked(visit)
    return visit


def _rules(patient: Patient, actor: User) -> BookingRules:
    rules = booking_rules(patient)
    if patient.user_id != actor.pk or patient.status != "active" or not rules.allowed:
        raise VisitRefused("not-allowed", _("Please write to your clinic to book a visit."))
    return rules


def _must_be_open(visit: Visit, rules: BookingRules, moving: Visit | None = None) -> None:
    wanted = OpenTime(visit.starts_at, visit.clinician)
    if not is_open(visit.patient, rules, wanted, moving=moving):
        raise VisitRefused("not-open", _("That time was taken a moment ago, or is no longer open. Choose another."))
