"""The integration window of each dose: opened with it, moved with it, asked after at its opening and at its end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Membership
from apps.accounts.permissions import Role
from apps.alerts.actions import raise_alert
from apps.sessions.models import IntegrationWindow, MedicationAdministration, Visit, VisitStatus


def open_window(dose: MedicationAdministration) -> IntegrationWindow:
    """With the dose; the same dose at another time moves it, and asks anew."""
    settings = settings_of(dose.clinic)
    end = dose.ended_at or dose.started_at
    opens = end + timedelta(hours=settings["visit_after_dose_from_hours"])
    closes = end + timedelta(hours=settings["visit_after_dose_to_hours"])
    row, made = IntegrationWindow.objects.get_or_create(
        clinic_id=dose.clinic_id,
        anchor=dose.anchor,
        defaults={
            "patient": dose.patient,
            "opens_at": opens,
            "closes_at": closes,
            "next_step_at": opens,
            "synthetic": dose.synthetic,
        },
    )
    if not made and row.opens_at != opens:
        row.opens_at, row.closes_at, row.status, row.next_step_at = opens, closes, "open", opens
        row.save(update_fields=["opens_at", "closes_at", "status", "next_step_at"])
    return row


def cancel_window(dose: MedicationAdministration) -> None:
    """The dose was entered in error."""
    IntegrationWindow.objects.filter(anchor=dose.anchor).update(status="cancelled", next_step_at=None)


def ask_after(window: IntegrationWindow, now: datetime) -> None:
    """At the opening: is a talk booked? At the end: did it happen? A no becomes a task each time."""
    held = _visits(window).filter(status=VisitStatus.FINISHED).first()
    booked = held or _visits(window).exclude(status=VisitStatus.CANCELLED).order_by("starts_at").first()
    window.visit = booked
    if now < window.closes_at:
        window.next_step_at = window.closes_at
        if booked is None:
            _task(window, "integration-unbooked", _("No talk is booked for the days after the session"))
    else:
        window.next_step_at = None
        window.status = "met" if held else "missed"
        if held is None:
            _task(window, "integration-missed", _("The talk in the days after the session did not take place"))
    window.save(update_fields=["visit", "next_step_at", "status"])


def _visits(window: IntegrationWindow) -> QuerySet[Visit]:
    """Visits that begin in the window, with a therapist where the clinic has one."""
    rows = Visit.objects.filter(patient=window.patient, starts_at__gte=window.opens_at, starts_at__lt=window.closes_at)
    therapists = Membership.objects.filter(clinic_id=window.clinic_id, role=Role.THERAPIST, ended_at__isnull=True)
    return rows.filter(clinician__role=Role.THERAPIST) if therapists.exists() else rows


def _task(window: IntegrationWindow, cause: str, title: str) -> None:
    raise_alert(
        patient=window.patient,
        cause=cause,
        level="P3",
        title=title,
        source_kind="integration-window",
        source_id=window.pk,
        rule_code=cause,
        synthetic=window.synthetic,
    )
