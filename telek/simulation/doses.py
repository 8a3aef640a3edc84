"""Sessions of the demonstration that are over: in a chair, and one at home with somebody beside. And what is planned next."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.clinic_settings import change_setting
from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.core import clock
from apps.core.ids import new_id
from apps.patients.guest_links import answer_link, give_link
from apps.patients.models import GuestLink, LinkPurpose
from apps.sessions import actions
from apps.sessions.actions import Order, Tap
from apps.sessions.actions.integration import ask_after
from apps.sessions.actions.take_home import HandedOut, count_take_home, hand_out
from apps.sessions.models import Course, DosingSession, IntegrationWindow
from apps.sessions.treatment.pre_visit import Told
from telek.simulation.chairs import FINE, PIN, agree
from telek.simulation.run import Life, Simulation

CHAIR = Order(dose_mg=38, weight_kg=76, duration_minutes=40, lot="KT-2207", wasted_mg=12)
TROCHE = Order(dose_mg=150, weight_kg=80, lot="OR-0311")
WELL = {"moaas": 5, "cadss": 0, "aldrete": 10}
#: Minutes after the dose, systolic, diastolic, pulse, saturation.
COURSE_OF_A_SESSION = ((15, 136, 86, 84, 97), (40, 142, 88, 86, 97), (70, 128, 80, 76, 98), (105, 122, 78, 72, 98))


@dataclass(frozen=True)
class Team:
    """Who gives and who confirms."""

    doctor: User
    nurse: User

    @property
    def signed(self) -> dict[str, Any]:
        """The second person of a dose."""
        return {"second_id": self.doctor.membership.pk if self.doctor.membership else None, "pin": PIN}


def begin_treatment(staff: dict[Role, User], at: datetime) -> Team | None:
    """PINs, and leave to hold sessions at home. None where the clinic has no nurse: then there is no such past."""
    doctor, nurse = staff[Role.PRESCRIBER], staff.get(Role.NURSE)
    if nurse is None or doctor.membership is None:
        return None
    with clock.at(at), transaction.atomic():
        for member in (doctor, nurse):
            actions.set_pin(pin=PIN, actor=member)
        change_setting(
            clinic=doctor.membership.clinic, name="home_sessions", value=True, actor=doctor, reason="demonstration"
        )
    return Team(doctor, nurse)


def tell_doses(simulation: Simulation, life: Life, team: Team, until: datetime, story: frozenset[str]) -> None:
    """The doses on record of one person."""
    days = [day for day in life.days_on_record if simulation.moment(day, time(14)) < until]
    if "in-chair" in story and days:
        course = _course(life, team, simulation.moment(days[0], time(9)) - timedelta(days=2), "maintenance-iv")
        for day in days:
            in_a_chair(life, team, course, simulation.moment(day, time(9, 40)))
    if "at-home" in story and days:
        begin = simulation.moment(days[-1], time(9, 40))
        course = _course(life, team, begin - timedelta(days=2), "oral")
        _hand_out(life, team, begin - timedelta(days=1))
        at_home(life, team, course, begin)
        _plan_next_at_home(life, team, course, simulation.moment(until.date() + timedelta(days=1), time(10)))


def settle_windows(life: Life, until: datetime) -> None:
    """What became of the talk after each dose: asked when its days had passed, after the visits were held."""
    with transaction.atomic():
        closed = list(IntegrationWindow.objects.filter(patient=life.patient, closes_at__lt=until))
    for window in closed:
        with clock.at(window.closes_at), transaction.atomic():
            ask_after(window, window.closes_at)


def _course(life: Life, team: Team, at: datetime, template: str) -> Course:
    with clock.at(at), transaction.atomic():
        agree(life)
        wishes = {"touch": "Ask first", "calm": "Slow breath with me", "call": "Elena, if I ask for her"}
        actions.tell_wishes(patient=life.patient, wishes=wishes, actor=life.user)
        return actions.start_course(patient=life.patient, template=template, actor=team.doctor)


def in_a_chair(life: Life, team: Team, course: Course, begin: datetime) -> None:
    """One session from sitting down to going home."""
    with clock.at(begin), transaction.atomic():
        session = actions.open_session(course=course, chair="Chair 2", actor=team.nurse)
        actions.check_before_dose(session=session, asked=FINE, actor=team.nurse)
        actions.note_events(session=session, taps=_taps((124, 78, 72, 98), moaas=5), actor=team.nurse)
    _give(session, CHAIR, team, begin + timedelta(minutes=20))
    dose = begin + timedelta(minutes=20)
    for minutes, *signs in COURSE_OF_A_SESSION:
        with clock.at(dose + timedelta(minutes=minutes)), transaction.atomic():
            if minutes == CHAIR.duration_minutes:
                actions.end_dose(session=session, actor=team.nurse)
            scores = WELL if minutes > 60 else {"moaas": 4, "cadss": 8}
            actions.note_events(session=session, taps=_taps(signs, **scores), actor=team.nurse)
    _go_home(session, team, dose + timedelta(minutes=106))


def _give(session: DosingSession, order: Order, team: Team, at: datetime) -> None:
    with clock.at(at), transaction.atomic():
        actions.give_dose(session=session, order=order, actor=team.nurse, **team.signed)


def _go_home(session: DosingSession, team: Team, at: datetime) -> None:
    with clock.at(at), transaction.atomic():
        taps = [Tap(new_id(), "escort", at, {}, text="Carla R."), Tap(new_id(), "note", at, {}, text="Slept a little.")]
        actions.note_events(session=session, taps=taps, actor=team.nurse)
        actions.discharge(session=session, actor=team.nurse)


def _taps(signs: Any, **scores: int) -> list[Tap]:
    at = clock.now()
    values = dict(zip(("sbp", "dbp", "hr", "spo2"), signs, strict=True))
    return [Tap(new_id(), "vitals", at, values), *(Tap(new_id(), kind, at, {"score": n}) for kind, n in scores.items())]


def at_home(life: Life, team: Team, course: Course, begin: datetime) -> None:
    """The wife has said yes, answers each look-in, and says at the end that he has recovered."""
    link = _ask_beside(life, begin - timedelta(days=1), begin + timedelta(days=1))
    with clock.at(begin), transaction.atomic():
        session = actions.open_home_session(course=course, link=link, actor=team.nurse)
        actions.check_before_dose(session=session, asked=FINE, actor=team.nurse)
        _read_off(link, 126, 80)
        actions.confirm_video(session=session, actor=team.nurse)
    dose = begin + timedelta(minutes=20)
    _give(session, TROCHE, team, dose)
    for minutes, how in ((15, "fine"), (30, "sleepy"), (45, "sleepy"), (60, "fine"), (90, "fine"), (119, "recovered")):
        with clock.at(dose + timedelta(minutes=minutes)), transaction.atomic():
            due = session.home_watches.get().look_in_due_at
            asked = due if how != "recovered" else None
            actions.answer_look_in(link=link, how=how, client_id=new_id(), due_at=asked)
            _read_off(link, 134 if minutes < 60 else 124, 82)
    with clock.at(dose + timedelta(minutes=121)), transaction.atomic():
        actions.note_events(session=session, taps=_taps((122, 78, 70, 98), **WELL), actor=team.nurse)
    _go_home(session, team, dose + timedelta(minutes=122))


def _ask_beside(life: Life, at: datetime, until: datetime) -> GuestLink:
    with clock.at(at), transaction.atomic():
        name = life.patient.emergency_contacts.values_list("name", flat=True)[0]
        link, _path = give_link(
            patient=life.patient, purpose=LinkPurpose.PEER, name=name, expires_at=until, actor=life.user
        )
        return answer_link(link=link, yes=True)


def _read_off(link: GuestLink, sbp: int, dbp: int) -> None:
    signs = {"sbp": sbp, "dbp": dbp, "hr": 72, "spo2": 98}
    actions.read_at_home(link=link, signs=signs, client_id=new_id())


def _hand_out(life: Life, team: Team, at: datetime) -> None:
    day: date = at.date()
    with clock.at(at), transaction.atomic():
        handed = HandedOut("Ketamine 150 mg troche", Decimal(150), 4, 28, day, registry_checked_on=day)
        hand_out(patient=life.patient, handed=handed, actor=team.doctor)
    with clock.at(at + timedelta(days=6)), transaction.atomic():
        count_take_home(patient=life.patient, units=3, lost=0, note="", actor=life.user)


def _plan_next_at_home(life: Life, team: Team, course: Course, begin: datetime) -> None:
    """Tomorrow at home: planned, somebody beside, and the person's own check of the day before."""
    now = clock.now()
    with clock.at(now - timedelta(days=3)), transaction.atomic():
        days = {number: _slot(begin + timedelta(weeks=number - 2)) for number in (2, 3)}
        actions.plan_course(course=course, days=days, actor=team.doctor, reason="At home, by video with the nurse")
    _ask_beside(life, now - timedelta(days=2), begin + timedelta(days=1))
    with clock.at(now - timedelta(minutes=50)), transaction.atomic():
        told = Told(True, True, True, False, False, 7, 128, 82)
        actions.check_before_visit(patient=life.patient, told=told, when="before", ride_name="Anke", actor=life.user)


def _slot(begin: datetime) -> tuple[datetime, datetime]:
    return begin, begin + timedelta(hours=2)
