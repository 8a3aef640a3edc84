"""What tests of treatment share: a person who may be dosed, a session, a dose, a way to move on in time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import transaction

from apps.accounts.clinic_settings import change_setting
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.sessions import actions
from apps.sessions.actions import Asked, Order, Tap, TreatmentRefused
from apps.sessions.agreements import text_in_force
from apps.sessions.models import DosingSession, MedicationAdministration, SessionEvent
from apps.sessions.treatment.screening import QUESTIONS
from tests.again import is_untouched, once_more
from tests.cast import Cast

PIN = "741852"
FINE = Asked(
    food_hours=Decimal(4), liquid_minutes=120, ride=True, prescriber_present=True, nothing_new=True, ride_name="Elena"
)
IV = Order(dose_mg=40, weight_kg=80, duration_minutes=40, lot="L-77")
NASAL = Order(dose_mg=56, lot="24KJ118")
NO = {question.key: "no" for question in QUESTIONS}


def tap(kind: str, at: datetime | None = None, **more: Any) -> Tap:
    """An event now, or at that moment; whole numbers go into values."""
    values = {name: more.pop(name) for name in ("sbp", "dbp", "hr", "spo2", "rr", "score", "grade") if name in more}
    return Tap(client_id=uuid4(), kind=kind, occurred_at=at or clock.now(), values=values, **more)


def well(at: datetime | None = None) -> list[Tap]:
    """A person who is as before."""
    return [
        tap("vitals", at, sbp=124, dbp=78, hr=72, spo2=98, rr=14),
        tap("moaas", at, score=5),
        tap("cadss", at, score=0),
        tap("aldrete", at, score=10),
    ]


def noted(cast: Cast, session: DosingSession, *taps: Tap) -> list[SessionEvent]:
    """All of them taken, by the nurse."""
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        found = actions.note_events(session=session, taps=taps, actor=nurse)
    assert found.refused == {}
    return found.created


def ready(cast: Cast, template: str = "iv-depression") -> DosingSession:
    """Maria in chair 1 with everything in order but no dose: consent, screening, today's questions, pressure.

    The verbs run once a process and template; after that the rows that they wrote are written again (tests/again.py).
    """
    if not is_untouched(cast):
        return fresh(cast, _seated(cast, template))
    pk = once_more(cast, f"ready {template}", lambda: _seated(cast, template).pk)
    return fresh(cast, DosingSession(pk=pk))


def _seated(cast: Cast, template: str) -> DosingSession:
    consent(cast)
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        actions.answer_screening(patient=cast.patient, answers=NO, actor=maria)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        actions.set_pin(pin=PIN, actor=doctor)
        change_setting(clinic=cast.clinic, name="rems_certified", value=True, actor=doctor, reason="")
        enrolled = clock.now().date() - timedelta(days=3)
        course = actions.start_course(patient=cast.patient, template=template, rems_enrolled_on=enrolled, actor=doctor)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        session = actions.open_session(course=course, chair="Chair 1", actor=nurse)
        actions.check_before_dose(session=session, asked=FINE, actor=nurse)
        actions.note_events(session=session, taps=[tap("vitals", sbp=122, dbp=76, spo2=98)], actor=nurse)
    return session


def consent(cast: Cast) -> None:
    """Maria signs the text in force."""
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        text = text_in_force(cast.clinic)
        codes = [item["code"] for item in text.items]
        actions.sign_consent(patient=cast.patient, digest=text.digest, agreed=codes, name="Maria Alvarez", actor=maria)


def given(cast: Cast, session: DosingSession, order: Order = IV, **more: Any) -> MedicationAdministration:
    """The nurse gives it, Dr Okafor confirms."""
    assert cast.prescriber.membership
    signed = {"second_id": cast.prescriber.membership.pk, "pin": PIN} | more
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        try:
            return actions.give_dose(session=session, order=replace(order), actor=nurse, **signed)
        except TreatmentRefused as refusal:
            refused = refusal  # what it wrote of the refusal stays
    raise refused


def dosed(cast: Cast, template: str = "iv-depression", order: Order = IV) -> DosingSession:
    """A session with its dose begun."""

    def make() -> Any:
        session = fresh(cast, _seated(cast, template))
        given(cast, session, order)
        return session.pk

    again = order.started_at is None and is_untouched(cast)
    return fresh(cast, DosingSession(pk=once_more(cast, f"dosed {template} {order}", make) if again else make()))


def later(minutes: float) -> None:
    """The clock of everything moves on."""
    clock.shift(timedelta(minutes=minutes))


def fresh(cast: Cast, session: DosingSession) -> DosingSession:
    """The row as the database has it now, by whom it may be read."""
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        rows = DosingSession.objects.visible_to(nurse).select_related("patient", "course", "clinic")
        return rows.get(pk=session.pk)


def worked(cast: Cast, work: Callable[[], int]) -> int:
    """What the pump does, among the rows of this clinic."""
    with use_clinic(cast.clinic.pk):
        return work()
