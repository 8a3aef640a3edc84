"""The mood of 0 to 100, over days."""

from datetime import datetime, timedelta

from apps.monitoring.models import Observation
from apps.patients.models import Patient

MOOD = "mood"


def last_three_days(patient: Patient, before: datetime) -> list[int]:
    """The moods of the 72 hours before that moment; days without an answer are left out."""
    rows = Observation.objects.known().filter(
        patient=patient, code=MOOD, effective_at__gte=before - timedelta(days=3), effective_at__lt=before
    )
    return [int(value) for value in rows.values_list("value", flat=True)]
