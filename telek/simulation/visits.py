"""Video visits of the demonstration: past ones with a signed note, one that still waits for its note, and those to come."""

from datetime import datetime, time, timedelta

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.core import clock
from apps.sessions.actions import (
    CHECKS,
    add_hours,
    arrive,
    book_visit,
    finish,
    hold_by_phone,
    note_device_check,
    save_note,
    sign_note,
)
from apps.sessions.models import Visit, VisitHours
from telek.simulation.run import Life, Simulation

NOTES = (
    (
        "Slept better since the last session, evenings are when it comes back. No thoughts of death. Walks daily.",
        "continue",
    ),
    ("Benefit held to about day nine, then fading. Tolerated the dose, nausea for twenty minutes.", "maintenance"),
)


HOLDERS = (Role.PRESCRIBER, Role.THERAPIST, Role.NURSE)
WORKDAYS = range(5)
OPEN = ((time(9), time(12)), (time(13), time(17)))


def open_hours(staff: dict[Role, User], zone: str) -> None:
    """Weekly hours of whoever holds visits, so that people find times to book. What stands already is left alone."""
    for role in HOLDERS:
        user = staff.get(role)
        if user is None or user.membership is None or VisitHours.objects.filter(clinician=user.membership).exists():
            continue
        for weekday in WORKDAYS:
            for opens, closes in OPEN:
                add_hours(
                    clinician=user.membership,
                    weekday=weekday,
                    opens=opens,
                    closes=closes,
                    time_zone=zone,
                    actor=user,
                )


def hold_past_visits(
    simulation: Simulation, life: Life, staff: dict[Role, User], until: datetime, story: frozenset[str] = frozenset()
) -> None:
    """A follow-up the day after the second, a recorded and the latest dose (that not with "no-talk"); not each is signed."""
    holder = staff.get(Role.THERAPIST, staff[Role.PRESCRIBER])
    doses = life.doses[1:2] + life.days_on_record[:-1] + ([] if "no-talk" in story else life.doses[-1:])
    days = [day + timedelta(days=1) for day in doses if day + timedelta(days=1) < until.date()]
    for number, day in enumerate(days):
        begin = simulation.moment(day, time(14, 0)) + timedelta(minutes=30 * (int(life.patient.number) % 10))
        words, step = NOTES[number % len(NOTES)]
        _hold(life, holder, begin, words, step, signed=number == 0 or life.rng.random() < 0.7)


def _hold(life: Life, holder: User, begin: datetime, words: str, step: str, *, signed: bool) -> None:
    with clock.at(begin - timedelta(days=2)), transaction.atomic():
        visit = _book(life, holder, begin)
    with clock.at(begin - timedelta(minutes=4)), transaction.atomic():
        arrive(visit=visit, place=life.patient.address, company="alone", call_back=life.patient.phone, actor=life.user)
    with clock.at(begin + timedelta(minutes=1)), transaction.atomic():
        hold_by_phone(visit=visit, actor=holder)
        note = save_note(visit=visit, text=words, actor=holder, next_step=step)
    with clock.at(begin + timedelta(minutes=19)), transaction.atomic():
        finish(visit=visit, actor=holder)
        if signed:
            sign_note(note=note, actor=holder, next_step=step)


def book_coming_visits(life: Life, staff: dict[Role, User], until: datetime, *, soon: bool) -> None:
    """One within the hour (or tomorrow), by the clock of whoever looks at the demonstration."""
    begin = (until + timedelta(minutes=50 if soon else 24 * 60)).replace(minute=0, second=0, microsecond=0)
    begin = begin if begin > until + timedelta(minutes=5) else begin + timedelta(minutes=30)
    with clock.at(until - timedelta(days=1)), transaction.atomic():
        _book(life, staff.get(Role.NURSE, staff[Role.PRESCRIBER]) if soon else staff[Role.PRESCRIBER], begin)


def wait_now(life: Life, staff: dict[Role, User], until: datetime) -> None:
    """Somebody has checked the phone and sits in the waiting room while the demonstration is looked at."""
    begin = until.replace(second=0, microsecond=0) + timedelta(minutes=5)
    with clock.at(until - timedelta(days=1)), transaction.atomic():
        visit = _book(life, staff.get(Role.THERAPIST, staff[Role.PRESCRIBER]), begin)
    with clock.at(until - timedelta(minutes=3)), transaction.atomic():
        note_device_check(visit=visit, results=dict.fromkeys(CHECKS, True), actor=life.user)
    with clock.at(until - timedelta(minutes=2)), transaction.atomic():
        arrive(visit=visit, place=life.patient.address, company="alone", call_back=life.patient.phone, actor=life.user)


def _book(life: Life, holder: User, begin: datetime) -> Visit:
    if holder.membership is None:
        raise LookupError(f"{holder} is in no clinic")
    return book_visit(
        patient=life.patient,
        clinician=holder.membership,
        starts_at=begin,
        minutes=20,
        reason="Follow-up",
        actor=holder,
        synthetic=True,
    )
