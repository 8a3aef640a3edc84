"""What the person's own check says at the gate."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.patients.models import Patient
from apps.sessions.models import PreVisitCheck
from apps.sessions.treatment.pre_visit import Told

HOLDS_FOR = timedelta(hours=36)  # the day before and the morning (product default)


def told_of(patient: Patient, at: datetime) -> Told | None:
    """The newest check of the last day and a half; a later one takes its place."""
    rows = PreVisitCheck.objects.filter(patient=patient, answered_at__gt=at - HOLDS_FOR, answered_at__lte=at)
    row = rows.order_by("-answered_at", "-id").first()
    if row is None:
        return None
    return Told(**{name: getattr(row, name) for name in Told.__slots__})
