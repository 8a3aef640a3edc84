"""What tests of surveys begin with: published instruments, an open slot, an answer."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from apps.core import clock
from apps.monitoring import actions
from apps.monitoring.models import Assignment, Questionnaire, Slot, SlotState
from apps.patients.models import Patient
from tests.cast import Cast

MORNING = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)  # 09:00 in New York, a Tuesday


def questionnaire(key: str = "phq-9") -> Questionnaire:
    """The published instrument of that key."""
    return actions.publish_library()[key]


def assigned(cast: Cast, key: str = "phq-9", patient: Patient | None = None, **more: Any) -> Assignment:
    """A daily schedule, from now on; needs the clinic in scope."""
    settings: dict[str, Any] = {"rhythm": "daily", "opens_time": time(0, 1), "open_hours": 23} | more
    return actions.assign(
        patient=patient or cast.patient, questionnaire=questionnaire(key), actor=cast.nurse, **settings
    )


def open_slot(cast: Cast, key: str = "phq-9", patient: Patient | None = None) -> Slot:
    """An open slot, open for hours before and after now; needs the clinic in scope."""
    patient = patient or cast.patient
    slot = assigned(cast, key, patient).slots.order_by("opens_at").first()
    assert slot is not None
    now = clock.now()
    slot.opens_at, slot.closes_at = now - timedelta(hours=3), now + timedelta(hours=3)
    slot.state, slot.next_step_at = SlotState.OPEN, slot.closes_at
    slot.save()
    return slot


def day_slot(cast: Cast, **more: Any) -> Slot:
    """Today's slot (of `morning`), planned, of a daily form that opens at 08:00 for 16 hours."""
    row = assigned(cast, opens_time=time(8), open_hours=16, **more)
    return row.slots.get(slot_key="2026-11-24")


def give(cast: Cast, slot: Slot, link_id: str, value: Any, **more: Any) -> actions.Saved:
    """One answer of the slot's own patient, as the pages would send it."""
    settings: dict[str, Any] = {
        "client_id": uuid4(),
        "answered_at": clock.now(),
        "actor": slot.patient.user,
        "auth_level": "session",
        "presentation": "pages",
    } | more
    return actions.save_answer(slot=slot, link_id=link_id, value=value, **settings)


def give_all(cast: Cast, slot: Slot, *values: Any, prefix: str = "q") -> None:
    """Answers q1, q2, ... in order."""
    for number, value in enumerate(values, start=1):
        give(cast, slot, f"{prefix}{number}", value)
