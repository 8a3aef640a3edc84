"""The person in care: who they are, and what they have and take."""

from apps.patients.models.history import (
    AllergyIntolerance,
    Condition,
    HistoryKind,
    HistoryReview,
    HistoryRow,
    MedicationStatement,
)
from apps.patients.models.links import GuestLink, LinkPurpose
from apps.patients.models.person import (
    Consent,
    EmergencyContact,
    Patient,
    SafetyNote,
    SafetyPlan,
    Whereabouts,
)

__all__ = [
    "AllergyIntolerance",
    "Condition",
    "Consent",
    "EmergencyContact",
    "GuestLink",
    "HistoryKind",
    "HistoryReview",
    "HistoryRow",
    "LinkPurpose",
    "MedicationStatement",
    "Patient",
    "SafetyNote",
    "SafetyPlan",
    "Whereabouts",
]
