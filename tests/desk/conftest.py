"""People on the desk: alerts, scores, doses, messages and visits of the cast's clinic."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from apps.alerts.actions import raise_alert
from apps.alerts.models import Alert
from apps.core import clock
from apps.core.ids import new_id
from apps.monitoring.actions import publish_library
from apps.monitoring.models import Anchor, Assignment, QuestionnaireResponse, Slot
from apps.patients.models import Patient, SafetyPlan
from tests.cast import Cast


@pytest.fixture
def acting(cast: Cast) -> Iterator[Cast]:
    """The nurse's clinic is in scope for the whole test."""
    with cast.acting(cast.nurse):
        yield cast


def make_alert(
    patient: Patient, level: str = "P1", cause: str = "suicidal-thoughts", title: str = "PHQ-9 item 9 = 2"
) -> Alert:
    """An open alert, raised now. Needs the clinic in scope."""
    return raise_alert(
        patient=patient, cause=cause, level=level, title=title, source_kind="test", source_id=uuid4(), rule_code=cause
    )


def answer_phq9(patient: Patient, days_ago: float, *values: int) -> QuestionnaireResponse:
    """A submitted PHQ-9 of nine answers. Needs the clinic in scope."""
    survey = publish_library()["phq-9"]
    at = clock.now() - timedelta(days=days_ago)
    assignment, _made = Assignment.objects.get_or_create(
        clinic=patient.clinic,
        patient=patient,
        questionnaire=survey,
        defaults={"rhythm": "daily", "starts_on": at.date()},
    )
    slot = Slot.objects.create(
        clinic=patient.clinic,
        assignment=assignment,
        patient=patient,
        questionnaire=survey,
        slot_key=f"{new_id()}"[-20:],
        opens_at=at,
        closes_at=at + timedelta(hours=16),
        time_zone="UTC",
        state="answered",
    )
    return QuestionnaireResponse.objects.create(
        clinic=patient.clinic,
        slot=slot,
        patient=patient,
        questionnaire=survey,
        authored_at=at,
        answers={f"q{number}": value for number, value in enumerate(values, start=1)},
        valid=True,
        total=sum(values),
        auth_level="session",
    )


def give_dose(patient: Patient, days_ago: float) -> Anchor:
    """A dose. Needs the clinic in scope."""
    at = clock.now() - timedelta(days=days_ago)
    return Anchor.objects.create(
        clinic=patient.clinic, patient=patient, kind="dose", label="IV 0.5 mg/kg", started_at=at
    )


def write_plan(patient: Patient, **steps: Any) -> SafetyPlan:
    """A safety plan, reviewed with whoever treats the person."""
    words = dict.fromkeys(("warning_signs", "alone", "people_and_places", "professionals", "safer_surroundings"), "–")
    return SafetyPlan.objects.create(
        clinic=patient.clinic,
        patient=patient,
        version=1,
        reviewed_with=patient.treating,
        **words,
        **{"ask_for_help": "Elena first.", **steps},
    )
