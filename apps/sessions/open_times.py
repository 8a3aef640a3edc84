"""The times that a person may book: read from the hours, what is different, and the visits that stand."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Clinic, Membership
from apps.accounts.permissions import TABLE, Permission
from apps.core import clock
from apps.patients.models import Patient
from apps.sessions.free_times import Span, Weekly, free_starts, open_spans, without
from apps.sessions.models import LIVE, DifferentTime, HoursFor, Visit, VisitHours

GIVERS = [role for role, permissions in TABLE.items() if Permission.GIVE_DOSES in permissions]
HOLDERS = [role for role, permissions in TABLE.items() if Permission.HOLD_VISITS in permissions]


@dataclass(frozen=True, slots=True)
class OpenTime:
    """A time with a clinician."""

    starts_at: datetime
    clinician: Membership


@dataclass(frozen=True, slots=True)
class BookingRules:
    """What a clinic lets people book and change by themselves."""

    allowed: bool
    length: timedelta
    notice: timedelta
    ahead: timedelta
    cancel_before: timedelta
    at_once: int


def rules_of(values: dict[str, Any]) -> BookingRules:
    """From the clinic's settings, as settings_of gives them."""
    return BookingRules(
        allowed=values["visit_self_booking"],
        length=timedelta(minutes=values["visit_minutes"]),
        notice=timedelta(hours=values["visit_notice_hours"]),
        ahead=timedelta(days=values["visit_ahead_days"]),
        cancel_before=timedelta(hours=values["visit_cancel_hours"]),
        at_once=values["visit_own_open"],
    )


def booking_rules(patient: Patient) -> BookingRules:
    """Of the person's clinic."""
    return rules_of(settings_of(patient.clinic))


def open_times(
    patient: Patient, rules: BookingRules, first: datetime, last: datetime, *, moving: Visit | None = None
) -> list[OpenTime]:
    """Every time that the person may book between first and last, by time. moving: the visit that is to be moved."""
    now = clock.now()
    first, last = max(first, now + rules.notice), min(last, now + rules.ahead)
    if not rules.allowed or first > last:
        return []
    members = _with_hours(patient)
    reach = Span(first, last + rules.length)
    spans, taken = _spans(members, reach), _taken(patient, members, reach, moving)
    times = [
        OpenTime(start, member)
        for member in members
        for start in free_starts(spans[member.pk], taken[member.pk], rules.length, first, last)
    ]
    return sorted(times, key=lambda one: (one.starts_at, one.clinician.user.name))


def is_open(patient: Patient, rules: BookingRules, wanted: OpenTime, *, moving: Visit | None = None) -> bool:
    """Is exactly that time with that clinician still to be had?"""
    return wanted in open_times(patient, rules, wanted.starts_at, wanted.starts_at, moving=moving)


def absences(clinician_id: UUID, span: Span) -> list[DifferentTime]:
    """When that clinician is away within the span."""
    return list(_different([clinician_id], span).filter(is_away=True))


def treatment_staff(clinic: Clinic, span: Span) -> list[list[Span]] | None:
    """When each one who gives doses is there within the span, and not away; None: nobody has said hours of treatment."""
    weekly: dict[UUID, list[Weekly]] = defaultdict(list)
    givers = Membership.objects.filter(clinic=clinic, role__in=GIVERS, ended_at__isnull=True)
    rows = VisitHours.objects.filter(clinic=clinic, purpose=HoursFor.TREATMENT)
    if not rows.exists():
        return None
    for row in rows.filter(clinician__in=givers):
        weekly[row.clinician_id].append(_weekly(row))
    away: dict[UUID, list[Span]] = defaultdict(list)
    for gone in _different(list(weekly), span).filter(is_away=True):
        away[gone.clinician_id].append(Span(gone.starts_at, gone.ends_at))
    return [list(without(open_spans(hours, span.starts_at, span.ends_at), away[pk])) for pk, hours in weekly.items()]


def _weekly(row: VisitHours) -> Weekly:
    return Weekly(row.weekday, row.opens, row.closes, clock.zone_of(row.time_zone).key, row.first_on, row.last_on)


def _with_hours(patient: Patient) -> list[Membership]:
    """Who holds visits and has said when, the treating clinician first."""
    rows = Membership.objects.filter(clinic_id=patient.clinic_id, role__in=HOLDERS, ended_at__isnull=True)
    said = VisitHours.objects.filter(clinic_id=patient.clinic_id, purpose=HoursFor.VISITS).values("clinician")
    extra = DifferentTime.objects.filter(clinic_id=patient.clinic_id, is_away=False).values("clinician")
    return list(rows.filter(Q(pk__in=said) | Q(pk__in=extra)).select_related("user"))


def _different(clinicians: Sequence[UUID], span: Span) -> Any:
    rows = DifferentTime.objects.filter(clinician_id__in=clinicians, withdrawn_at__isnull=True)
    return rows.filter(starts_at__lt=span.ends_at, ends_at__gt=span.starts_at)


def _spans(members: Iterable[Membership], reach: Span) -> dict[UUID, list[Span]]:
    pks, weekly = [member.pk for member in members], defaultdict(list)
    spans: dict[UUID, list[Span]] = defaultdict(list)
    for row in VisitHours.objects.filter(clinician_id__in=pks, purpose=HoursFor.VISITS):
        weekly[row.clinician_id].append(_weekly(row))
    for pk, hours in weekly.items():
        spans[pk] += open_spans(hours, reach.starts_at, reach.ends_at)
    for extra in _different(pks, reach).filter(is_away=False):
        spans[extra.clinician_id].append(Span(extra.starts_at, extra.ends_at))
    return spans


def _taken(
    patient: Patient, members: Iterable[Membership], reach: Span, moving: Visit | None
) -> dict[UUID, list[Span]]:
    """Each clinician's visits and time away; the person's own visits are taken with everybody."""
    pks = [member.pk for member in members]
    taken: dict[UUID, list[Span]] = defaultdict(list)
    visits = Visit.objects.filter(Q(clinician_id__in=pks) | Q(patient=patient), status__in=LIVE)
    visits = visits.filter(starts_at__lt=reach.ends_at, ends_at__gt=reach.starts_at)
    for visit in visits.exclude(pk=moving.pk) if moving else visits:
        for pk in pks if visit.patient_id == patient.pk else [visit.clinician_id]:
            taken[pk].append(Span(visit.starts_at, visit.ends_at))
    for away in _different(pks, reach).filter(is_away=True):
        taken[away.clinician_id].append(Span(away.starts_at, away.ends_at))
    return taken
