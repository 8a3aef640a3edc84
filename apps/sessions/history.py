"""What the lists of a person say now, as the pure rules take it."""

from __future__ import annotations

from typing import Any

from apps.core import clock
from apps.patients.models import AllergyIntolerance, Condition, MedicationStatement, Patient
from apps.sessions.treatment.findings import Diagnosis, History, findings_of, interactions_of


def history_of(patient: Patient) -> History:
    """Conditions, allergies and medicines that stand; the line of the record counts where there is no list yet."""
    conditions = list(Condition.objects.standing().filter(patient=patient))
    allergies = list(_active(AllergyIntolerance, patient))
    medicines = list(_active(MedicationStatement, patient))
    told = MedicationStatement.objects.standing().filter(patient=patient, by_patient=True)
    return History(
        diagnoses=tuple(Diagnosis(row.code, row.status, row.onset_on) for row in conditions),
        allergies=(*(row.substance for row in allergies), patient.allergies),
        flags=frozenset(flag for row in medicines for flag in row.flags),
        told_at=told.order_by("-created_at").values_list("created_at", flat=True).first(),
    )


def history_codes(patient: Patient) -> list[str]:
    """All that the lists mean for a dose today, as codes of eligibility and of interactions."""
    found = history_of(patient)
    today = clock.now().astimezone(clock.zone_of(patient.clinic.time_zone)).date()
    unchecked = ["medicines_unchecked"] if found.unchecked else []
    return [*sorted(findings_of(found, today)), *interactions_of(found.flags), *unchecked]


def _active(model: Any, patient: Patient) -> list[Any]:
    rows = model._default_manager.standing().filter(patient=patient, status="active")
    return list(rows)
