"""What the person is told outside the page about a visit: booked, soon, cancelled. Never why it was booked."""

from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format

from apps.accounts.models import ContactPoint
from apps.core import clock
from apps.notifications import actions as notifications
from apps.notifications.models import Delivery, Kind
from apps.patients.models import Patient
from apps.sessions.invite import calendar_of
from apps.sessions.models import Visit, VisitStatus
from apps.sessions.visit_rules import SEAT_FRESH

CHANNELS = ("push", "sms", "email")


def fresh_since() -> datetime:
    """A page that was seen before that moment is gone."""
    return clock.now() - SEAT_FRESH


def tell_booked(visit: Visit) -> Delivery | None:
    """The time and the link, now."""
    name = f"booked:{visit.starts_at.isoformat()}:{visit.version}"
    return _queue(visit, "visit-reminder", name, with_calendar=True)


def tell_soon(visit: Visit, name: str) -> Delivery | None:
    """A reminder; name: how many minutes before the start it was due."""
    return _queue(visit, "visit-reminder", f"{name}:{visit.starts_at.isoformat()}", expires_at=visit.ends_at)


def tell_cancelled(visit: Visit) -> Delivery | None:
    """That it does not take place."""
    return _queue(visit, "visit-cancelled", "cancelled", with_calendar=True)


def still_wanted(delivery: Delivery) -> bool:
    """Asked just before the wire: does it still say the truth, and does the person still want to be told?"""
    if delivery.subject_id is None:
        return False
    visit = Visit.objects.filter(pk=delivery.subject_id).select_related("patient").first()
    if visit is None or visit.patient.status != "active" or not wants(delivery, visit.patient):
        return False
    if delivery.template == "visit-cancelled":
        return visit.status == VisitStatus.CANCELLED
    return visit.status == VisitStatus.PLANNED and delivery.context.get("at") == visit.starts_at.isoformat()


def wants(delivery: Delivery, patient: Patient) -> bool:
    """Has the person left reminders on, and this channel?"""
    points = ContactPoint.objects.filter(
        user_id=patient.user_id, channel=delivery.channel, address=delivery.address, opted_out_at__isnull=True
    )
    return patient.reminders_off_at is None and points.exists()


def _queue(
    visit: Visit, template: str, name: str, expires_at: datetime | None = None, *, with_calendar: bool = False
) -> Delivery | None:
    """with_calendar: where it goes by mail, the calendar's entry goes along."""
    patient = visit.patient
    point = point_of(patient)
    if point is None:
        return None
    words = {
        "clinic": visit.clinic.name,
        "when": when_words(visit),
        "at": visit.starts_at.isoformat(),
        "link": visit.path,
    }
    if with_calendar and point.channel == "email":
        words["calendar"] = calendar_of(visit)
    return notifications.queue(
        clinic_id=visit.clinic_id,
        kind=Kind.VISIT,
        dedupe_key=f"visit:{visit.pk}:{name}:{point.channel}",
        subject_kind="visit",
        subject_id=visit.pk,
        recipient_id=patient.user_id,
        channel=point.channel,
        address=point.address,
        template=template,
        context=words,
        language=patient.user.language,
        expires_at=expires_at or visit.ends_at,
        synthetic=visit.synthetic,
    )


def when_words(visit: Visit) -> str:
    """Its start in the person's own time and language."""
    return moment_words(visit.patient, visit.starts_at)


def moment_words(patient: Patient, at: datetime) -> str:
    """A moment in the person's own time and language."""
    with translation.override(patient.user.language):
        return date_format(at.astimezone(clock.zone_of(patient.time_zone)), "D j M, H:i")


def point_of(patient: Patient) -> ContactPoint | None:
    """The first channel that the person has left on and that is wired here."""
    if patient.reminders_off_at is not None:
        return None
    wired = [channel for channel in CHANNELS if settings.TRANSPORTS.get(channel) != "none"]
    points = ContactPoint.objects.filter(clinic_id=patient.clinic_id, user_id=patient.user_id, channel__in=wired)
    return points.filter(opted_out_at__isnull=True).order_by("rank", "channel").first()
