"""Who sits in a chair of the demonstration clinic right now: one on time, one overdue, one not cleared yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.core import clock
from apps.core.ids import new_id
from apps.sessions import actions
from apps.sessions.actions import Asked, Order, Tap
from apps.sessions.agreements import text_in_force
from apps.sessions.models import DosingSession
from apps.sessions.treatment.screening import QUESTIONS
from telek.simulation.run import Life

PIN = "246802"  # of every clinician of the demonstration (docs/treatment.md)
ANSWERS = {question.key: "no" for question in QUESTIONS}
FINE = Asked(
    food_hours=Decimal(5), liquid_minutes=90, ride=True, prescriber_present=True, nothing_new=True, ride_name="Carla R."
)
ORDER = Order(dose_mg=38, weight_kg=76, duration_minutes=40, lot="KT-2207")


@dataclass(frozen=True)
class Chair:
    """minutes ago: sat down, dose began (None: not yet), readings; wishes: touch, calm, whom to call."""

    name: str
    sat: int
    dose: int | None
    readings: tuple[tuple[int, int, int, int, int], ...]  # minutes ago, systolic, diastolic, pulse, saturation
    wishes: tuple[str, str, str]
    signed: bool = True


CHAIRS = (
    Chair("Chair 1", 40, 18, ((35, 126, 78, 74, 98), (8, 134, 84, 88, 97)), ("Ask first", "Eye mask, music", "Hana")),
    Chair("Chair 2", 75, 52, ((70, 121, 79, 71, 98), (20, 138, 86, 82, 97)), ("Hand is fine", "Slow breath", "Amal")),
    Chair("Chair 3", 12, None, ((9, 144, 92, 80, 98),), ("No touch", "Explain each step", "Rosa"), signed=False),
)


def sit_down(lives: list[Life], staff: dict[Role, User], until: datetime) -> None:
    """The last people of the list, one a chair, after doses.begin_treatment. Needs the clinic in scope."""
    doctor, nurse = staff[Role.PRESCRIBER], staff.get(Role.NURSE)
    if nurse is None:
        return
    for chair, life in zip(CHAIRS, lives[-len(CHAIRS) :], strict=False):
        _sit(chair, life, doctor, nurse, until)


def _sit(chair: Chair, life: Life, doctor: User, nurse: User, until: datetime) -> None:
    patient = life.patient
    with clock.at(until - timedelta(minutes=chair.sat)), transaction.atomic():
        if chair.signed:
            agree(life)
        touch, calm, call = chair.wishes
        actions.tell_wishes(patient=patient, wishes={"touch": touch, "calm": calm, "call": call}, actor=life.user)
        course = actions.start_course(patient=patient, template="iv-depression", actor=doctor)
        session = actions.open_session(course=course, chair=chair.name, actor=nurse)
        if chair.signed:
            actions.check_before_dose(session=session, asked=FINE, actor=nurse)
    for reading in chair.readings:
        if chair.dose is None or reading[0] > chair.dose:
            _read(session, reading, nurse, until)
    if chair.dose is not None:
        with clock.at(until - timedelta(minutes=chair.dose)), transaction.atomic():
            second = doctor.membership.pk if doctor.membership else None
            actions.give_dose(session=session, order=ORDER, actor=nurse, second_id=second, pin=PIN)
        for reading in chair.readings:
            if reading[0] < chair.dose:
                _read(session, reading, nurse, until)


def agree(life: Life) -> None:
    """Consent signed and the questions before treatment answered, by the person."""
    text = text_in_force(life.patient.clinic)
    codes = [str(item["code"]) for item in text.items]
    name = f"{life.patient.given_name} {life.patient.family_name}"
    actions.sign_consent(patient=life.patient, digest=text.digest, agreed=codes, name=name, actor=life.user)
    actions.answer_screening(patient=life.patient, answers=ANSWERS, actor=life.user)


def _read(session: DosingSession, reading: tuple[int, int, int, int, int], nurse: User, until: datetime) -> None:
    minutes, sbp, dbp, hr, spo2 = reading
    at = until - timedelta(minutes=minutes)
    values = {"sbp": sbp, "dbp": dbp, "hr": hr, "spo2": spo2}
    taps = [Tap(new_id(), "vitals", at, values), Tap(new_id(), "moaas", at, {"score": 4 if minutes < 30 else 5})]
    with clock.at(at), transaction.atomic():
        actions.note_events(session=session, taps=taps, actor=nurse)
