"""Remote monitoring by person and month: days with readings, minutes, live contacts. What is billed from it is the
clinic's own decision; the report counts what happened and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from apps.accounts.models import User
from apps.alerts.models import ContactAttempt
from apps.core import clock
from apps.monitoring.models import Observation
from apps.patients.models import Patient
from apps.sessions.models import Visit, VisitStatus

LIVE_CHANNELS = ("phone", "video", "in-person")
HEADER = (
    "patient number",
    "family name",
    "given name",
    "month",
    "days with readings from a device",
    "days with any reading or answer",
    "minutes in visits",
    "live contacts",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One person in one month, by the clinic's calendar."""

    patient: Patient
    device_days: int
    any_days: int
    minutes: int
    contacts: int

    def cells(self, month: date) -> tuple[object, ...]:
        """In the order of HEADER."""
        person = self.patient
        names = (person.number, person.family_name, person.given_name, month.strftime("%Y-%m"))
        return (*names, self.device_days, self.any_days, self.minutes, self.contacts)


def month_lines(user: User, month: date) -> Iterator[Line]:
    """Every person in care whom the reader may see. month: its first day."""
    assert user.membership is not None  # noqa: S101  (doors let nobody else in)
    zone = clock.zone_of(user.membership.clinic.time_zone)
    begin, end = _bounds(month, zone)
    any_days, device_days = _days(user, begin, end, zone)
    minutes, contacts = _contacts(user, begin, end)
    people = Patient.objects.visible_to(user).exclude(status="entered-in-error").order_by("family_name", "given_name")
    people = people if user.membership.clinic.synthetic else people.filter(synthetic=False)
    for person in people:
        key = person.pk
        yield Line(
            person,
            len(device_days.get(key, ())),
            len(any_days.get(key, ())),
            round(minutes.get(key, 0)),
            contacts.get(key, 0),
        )


def _bounds(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    following = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime.combine(month.replace(day=1), time(0), zone), datetime.combine(following, time(0), zone)


def _days(
    user: User, begin: datetime, end: datetime, zone: ZoneInfo
) -> tuple[dict[object, set[date]], dict[object, set[date]]]:
    """Calendar days with any value, and with one from a device, by person."""
    rows = Observation.objects.visible_to(user).known().filter(effective_at__gte=begin, effective_at__lt=end)
    every: dict[object, set[date]] = {}
    device: dict[object, set[date]] = {}
    for patient, at, source in rows.values_list("patient_id", "effective_at", "source").iterator():
        day = at.astimezone(zone).date()
        every.setdefault(patient, set()).add(day)
        if source not in ("check-in", "patient", "staff"):
            device.setdefault(patient, set()).add(day)
    return every, device


def _contacts(user: User, begin: datetime, end: datetime) -> tuple[dict[object, float], dict[object, int]]:
    """Minutes of finished visits, and contacts face to face or by voice: visits, and people reached about an alert."""
    minutes: dict[object, float] = {}
    contacts: dict[object, int] = {}
    held = Q(status=VisitStatus.FINISHED, admitted_at__isnull=False, finished_at__isnull=False)
    visits = Visit.objects.visible_to(user).filter(held, admitted_at__gte=begin, admitted_at__lt=end)
    for patient, from_at, until in visits.values_list("patient_id", "admitted_at", "finished_at"):
        if from_at is None or until is None:
            continue
        minutes[patient] = minutes.get(patient, 0) + (until - from_at).total_seconds() / 60
        contacts[patient] = contacts.get(patient, 0) + 1
    tries = ContactAttempt.objects.visible_to(user).filter(reached=True, channel__in=LIVE_CHANNELS)
    for (patient,) in tries.filter(created_at__gte=begin, created_at__lt=end).values_list("alert__patient_id"):
        contacts[patient] = contacts.get(patient, 0) + 1
    return minutes, contacts
