"""What stands beside a call: the curve, the last answers, what is taken, which forms are out. Read through the reader's rights."""

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.monitoring.actions import on_offer
from apps.monitoring.models import Anchor, QuestionnaireResponse, Slot, SlotState
from apps.monitoring.published import definition_of
from apps.patients.models import MedicationStatement, Patient
from apps.sessions.models import Course, Screening, Visit
from telek.curves import curve_table, whole_curve
from telek.dose_curve import dose_curve
from telek.patient_facts import ItemLine, PatientFacts, item_lines
from telek.person_forecast import PersonForecast

CURVE = (600, 214)
DOSES_SHOWN = 4


@dataclass(frozen=True)
class Medicines:
    """courses: going on or on hold; doses: the last ones, newest first; taken: other medicines of the history; screening:
    where others were told in one's own words.
    """

    courses: list[Course]
    doses: list[Anchor]
    taken: list[MedicationStatement]
    screening: Screening | None


def beside(visit: Visit, facts: PatientFacts, user: User) -> dict[str, Any]:
    """The curve after each dose, or since the beginning where there is no dose; the last answers item by item; medicines."""
    before, last = [None, None, *facts.responses][-2:]
    return {
        "dose_curve": dose_curve(PersonForecast(facts), CURVE),
        "whole": whole_curve(facts.points, facts.doses, facts.at, facts.zone),
        "table": curve_table(facts.points, facts.doses),
        "last_response": last,
        "items": _lines(last, before) if last else [],
        "medicines": medicines_of(visit.patient, user, facts),
        "forms_out": list(_open_forms(visit.patient, user)),
        "orders": _orders(visit, user),
    }


def medicines_of(patient: Patient, user: User, facts: PatientFacts) -> Medicines:
    """What the record knows of what this person takes."""
    courses = Course.objects.visible_to(user).filter(patient=patient, status__in=["active", "on-hold"])
    screening = Screening.objects.visible_to(user).filter(patient=patient).order_by("-answered_at").first()
    taken = MedicationStatement.objects.visible_to(user).standing().filter(patient=patient, status="active")
    return Medicines(list(courses), facts.doses[-DOSES_SHOWN:][::-1], list(taken.order_by("name")), screening)


def _open_forms(patient: Patient, user: User) -> Any:
    rows = Slot.objects.visible_to(user).filter(patient=patient, state=SlotState.OPEN)
    return rows.select_related("questionnaire").order_by("closes_at")


def _orders(visit: Visit, user: User) -> list[Any]:
    """What this reader may order here: for the visit's own clinician."""
    mine = visit.clinician == user.membership and user.may(Permission.HOLD_VISITS)
    return [row for row in on_offer(visit.clinic) if definition_of(row).has_wording] if mine else []


def _lines(last: QuestionnaireResponse, before: QuestionnaireResponse | None) -> list[ItemLine]:
    return item_lines(last.answers, before.answers if before else None, definition_of(last.questionnaire))
