"""The reminder of the check before a session: the evening before and that morning, once each. The row is the timer."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse

from apps.core import clock
from apps.notifications import actions as notifications
from apps.notifications.models import Delivery, Kind
from apps.sessions.models import PlannedDose, PreVisitCheck
from apps.sessions.notices import moment_words, point_of, wants
from apps.sessions.treatment.pre_visit import next_reminder, reminders

SUBJECT = "planned-dose"
SINCE_EVENING = timedelta(hours=12)  # who answered since noon of the day before is not asked again that evening


def set_reminder(planned: PlannedDose, zone: str) -> None:
    """When this planned dose is next reminded of. Not saved."""
    planned.next_step_at = next_reminder(planned.starts_at, clock.zone_of(zone), clock.now())


def remind_of_check(planned: PlannedDose, now: datetime) -> None:
    """After a pause of the pump only the newest reminder is sent; none where it was answered, or the time has come."""
    patient = planned.course.patient
    zone = clock.zone_of(patient.time_zone)
    planned.next_step_at = next_reminder(planned.starts_at, zone, now) if planned.status == "planned" else None
    planned.save(update_fields=["next_step_at"])
    if is_open(planned, now):
        _tell(planned, "morning" if now >= reminders(planned.starts_at, zone)[1] else "before")


def is_open(planned: PlannedDose, now: datetime) -> bool:
    """Is the person's check still asked for now: planned, still to come, and not answered for this part of the day?"""
    patient = planned.course.patient
    if planned.status != "planned" or now >= planned.starts_at or patient.status != "active":
        return False
    evening, morning = reminders(planned.starts_at, clock.zone_of(patient.time_zone))
    since = morning - SINCE_EVENING / 4 if now >= morning else evening - SINCE_EVENING
    return not PreVisitCheck.objects.filter(patient=patient, answered_at__gte=since).exists()


def due_check(patient_id: UUID, now: datetime) -> PlannedDose | None:
    """The planned dose of that person whose check is asked for now; for the page of the day."""
    rows = PlannedDose.objects.filter(course__patient_id=patient_id, status="planned", starts_at__gt=now)
    first = rows.select_related("course__patient").order_by("starts_at").first()
    if first is None:
        return None
    evening, _morning = reminders(first.starts_at, clock.zone_of(first.course.patient.time_zone))
    return first if now >= evening and is_open(first, now) else None


def still_wanted(delivery: Delivery) -> bool:
    """Asked just before the wire."""
    if delivery.subject_id is None:
        return False
    planned = PlannedDose.objects.select_related("course__patient").filter(pk=delivery.subject_id).first()
    if planned is None or delivery.context.get("at") != planned.starts_at.isoformat():
        return False
    return is_open(planned, clock.now()) and wants(delivery, planned.course.patient)


def _tell(planned: PlannedDose, part: str) -> None:
    patient = planned.course.patient
    point = point_of(patient)
    if point is None:
        return
    notifications.queue(
        clinic_id=planned.clinic_id,
        kind=Kind.REMINDER,
        dedupe_key=f"{SUBJECT}:{planned.pk}:{part}:{planned.starts_at.isoformat()}:{point.channel}",
        subject_kind=SUBJECT,
        subject_id=planned.pk,
        recipient_id=patient.user_id,
        channel=point.channel,
        address=point.address,
        template="visit-check",
        context={
            "clinic": planned.clinic.name,
            "when": moment_words(patient, planned.starts_at),
            "at": planned.starts_at.isoformat(),
            "link": reverse("pre-visit"),
        },
        language=patient.user.language,
        expires_at=planned.starts_at,
        synthetic=patient.synthetic,
    )
