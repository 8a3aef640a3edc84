"""Let a clinic live through its past, day by day, through the same actions as real use.

Time is the simulation's own (core.clock.at). Nothing is sent: what would have gone out then is withdrawn at the end.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import Clinic, User
from apps.alerts import actions as alerts
from apps.alerts.models import Alert, AlertState
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring.actions.anchors import record_anchor
from apps.monitoring.actions.answers import Given, save_answers
from apps.monitoring.actions.assignments import assign
from apps.monitoring.actions.library import newest
from apps.monitoring.actions.problems import close_problem
from apps.monitoring.actions.responses import submit_response
from apps.monitoring.models import Assignment, Problem, Slot, SlotState
from apps.monitoring.plans import plan_together
from apps.monitoring.schedule import close_due_slots, open_due_slots
from apps.notifications.models import Delivery, State
from apps.patients.models import Consent, Patient
from telek.simulation import course
from telek.simulation.course import GAD7_WEIGHTS, PHQ9_WEIGHTS, Traits

Progress = Callable[[str], None]
#: What the simulated nurse writes down at closing (alerts.closing_record), besides the next contact.
CLOSING = {
    "ideation": "passive",
    "plan": "none",
    "intent": "none",
    "means": "secured",
    "past": "earlier",
    "intoxication": "no",
    "protective": "Family near, looks forward to the next session.",
    "acute": "low",
    "chronic": "moderate",
    "why": "Passing thoughts as before, no plan, no intent, somebody near.",
    "care": "as-before",
    "safety_plan": "reviewed",
    "means_safety": "agreed",
    "basis": "nobody",
    "treatment": "continue",
}


@dataclass
class Life:
    """One simulated person: what they are like, their doses, their own dice.

    on_record: how many of the latest doses are told in full, as sessions, by simulation.doses.
    """

    patient: Patient
    traits: Traits
    doses: list[date]
    label: str
    rng: random.Random
    starts_on: date
    on_record: int = 0
    user: User = field(init=False)

    def __post_init__(self) -> None:
        self.user = self.patient.user

    @property
    def days_on_record(self) -> list[date]:
        """The latest doses, those that have a session of their own."""
        return self.doses[len(self.doses) - self.on_record :]


@dataclass
class Simulation:
    """A clinic's past. staff: who prescribes, and who takes alerts."""

    clinic: Clinic
    prescriber: User
    nurse: User
    lives: list[Life]
    progress: Progress = print
    answers: int = 0

    @property
    def zone(self) -> ZoneInfo:
        return clock.zone_of(self.clinic.time_zone)

    @property
    def of_theirs(self) -> Q:
        """Rows of these people: the rest of the clinic lives by another clock."""
        return Q(patient_id__in=[life.patient.pk for life in self.lives])

    def moment(self, day: date, at: time) -> datetime:
        """A wall-clock time of the clinic as a moment."""
        return datetime.combine(day, at, self.zone)

    def run(self, first: date, until: datetime) -> None:
        """From the morning of `first` up to `until`."""
        day = first
        while self.moment(day, time(0)) <= until:
            with use_clinic(self.clinic.pk):
                self._live_day(day, until)
            day += timedelta(days=1)
        self._withdraw(until)

    def _live_day(self, day: date, until: datetime) -> None:
        for life in self.lives:
            if life.starts_on == day:
                self._begin(life, day)
        plans = day.weekday() == 0 or day == until.astimezone(self.zone).date()
        self._at(self.moment(day, time(8, 5)), until, lambda: self._morning(plans=plans))
        for life in sorted(self.lives, key=lambda life: life.rng.random()):
            if life.starts_on <= day:
                self._live_person(life, day, until)
        self._at(self.moment(day, time(23, 58)), until, self._handle_tasks)
        self._at(self.moment(day + timedelta(days=1), time(0, 5)), until, lambda: close_due_slots(5000, self.of_theirs))

    def _at(self, moment: datetime, until: datetime, what: Callable[[], object]) -> None:
        if moment <= until:
            with clock.at(moment), transaction.atomic():
                what()

    def _begin(self, life: Life, day: date) -> None:
        with clock.at(self.moment(day, time(7))), transaction.atomic():
            Consent.objects.get_or_create(
                clinic=self.clinic,
                patient=life.patient,
                scope="survey-notice",
                version="1",
                defaults={"text_hash": "synthetic"},
            )
            for key, rhythm in (("check-in", "daily"), ("phq-9", "weekly"), ("gad-7", "weekly")):
                if not Assignment.objects.filter(
                    patient=life.patient, questionnaire__key=key, status="active"
                ).exists():
                    assign(
                        patient=life.patient,
                        questionnaire=newest(key),
                        rhythm=rhythm,
                        weekday=day.weekday() if rhythm == "weekly" else None,
                        actor=self.prescriber,
                        starts_on=day,
                        synthetic=True,
                    )

    def _morning(self, *, plans: bool) -> None:
        """What is due is opened. Forms are planned 14 days ahead, so that it is enough to look at that once a week."""
        rows = Assignment.objects.filter(self.of_theirs, clinic=self.clinic, status="active").select_related(
            "patient__clinic"
        )
        by_person = groupby(rows.order_by("patient_id", "id"), key=lambda row: row.patient_id)
        for _person, theirs in by_person if plans else ():
            plan_together(list(theirs))
        open_due_slots(5000, self.of_theirs)

    def _live_person(self, life: Life, day: date, until: datetime) -> None:
        minute = life.rng.randrange(0, 11 * 60)
        moment = self.moment(day, time(8, 30)) + timedelta(minutes=minute)
        if day in life.doses and day not in life.days_on_record and self.moment(day, time(10)) <= until:
            self._dose(life, day)
        answers_today = life.rng.random() < life.traits.diligence
        silent = (until.astimezone(self.zone).date() - day).days < life.traits.silent_for_days
        if moment > until or silent or not answers_today or day == until.astimezone(self.zone).date():
            return  # today's forms stay open for whoever looks at the demonstration
        with clock.at(moment), transaction.atomic():
            total = course.burden_on(day, life.doses, life.traits, life.rng)
            for slot in self._open_slots(life.patient):
                self._fill(life, slot, total, day)
                self._book_booster(life, slot.questionnaire.key, total, day)
        self._handle(life.patient, moment, until)

    def _book_booster(self, life: Life, key: str, total: float, day: date) -> None:
        booked = course.booster_day(day, total, life.doses, life.traits, life.rng) if key == "phq-9" else None
        if booked is not None:
            life.doses.append(booked)

    def _open_slots(self, patient: Patient) -> list[Slot]:
        slots = Slot.objects.filter(patient=patient, state=SlotState.OPEN).select_related("questionnaire")
        return list(slots.order_by("questionnaire__key"))

    def _dose(self, life: Life, day: date) -> None:
        begin = self.moment(day, time(10))
        with clock.at(begin), transaction.atomic():
            record_anchor(
                patient=life.patient,
                kind="dose",
                label=life.label,
                started_at=begin,
                ended_at=begin + timedelta(minutes=40),
                actor=self.prescriber,
                synthetic=True,
            )

    def _fill(self, life: Life, slot: Slot, total: float, day: date) -> None:
        """Answer a form; one in thirty is left half-way."""
        wanted = self._answers(life, slot.questionnaire.key, total, day)
        half_way = life.rng.random() < 1 / 30
        told = [
            Given(
                link_id=link_id,
                value=value,
                client_id=UUID(int=life.rng.getrandbits(128)),
                answered_at=clock.now(),
                auth_level="link" if life.rng.random() < 0.5 else "session",
                presentation="pages",
            )
            for link_id, value in list(wanted.items())[: len(wanted) // 2 if half_way else None]
        ]
        self.answers += len(save_answers(slot=slot, given=told, actor=life.user))
        if not half_way:
            submit_response(slot=slot, actor=life.user, auth_level="session")

    def _answers(self, life: Life, key: str, total: float, day: date) -> dict[str, int | bool | str]:
        if key == "phq-9":
            values = course.items_of(total, PHQ9_WEIGHTS, life.rng)
            if (day - life.starts_on).days < 10:
                values[8] = life.traits.item9_early
            return {f"q{number}": value for number, value in enumerate(values, 1)}
        if key == "gad-7":
            values = course.items_of(total * 0.72, GAD7_WEIGHTS, life.rng)
            return {f"q{number}": value for number, value in enumerate(values, 1)}
        return self._check_in(life, total, day)

    def _check_in(self, life: Life, total: float, day: date) -> dict[str, int | bool | str]:
        after_dose = day - timedelta(days=1) in life.doses or day in life.doses
        problem = life.rng.random() < (0.35 if after_dose else 0.06)
        found: dict[str, int | bool | str] = {
            "mood": course.mood_of(total, life.rng),
            "medicine": min(3, max(0, round(3 - total / 8 + life.rng.gauss(0, 0.4)))),
            "sleep": min(3, max(0, round(2.6 - total / 9 + life.rng.gauss(0, 0.5)))),
            "problem": problem,
        }
        if problem:
            found |= {"problem_kind": life.rng.choice([1, 2, 3, 4]), "problem_severity": life.rng.choice([1, 1, 1, 2])}
        return found

    def _handle(self, patient: Patient, moment: datetime, until: datetime) -> None:
        """Staff take what was raised, speak with the person and close it, within the hour."""
        with transaction.atomic():
            unresolved = list(
                Alert.objects.filter(patient=patient, level__in=["P1", "P2"]).exclude(state=AlertState.RESOLVED)
            )
        for alert in unresolved:
            taken, reached, closed = (moment + timedelta(minutes=n) for n in (6, 21, 48))
            if closed <= until:
                self._at(taken, until, lambda alert=alert: alerts.acknowledge(alert=alert, actor=self.nurse))  # type: ignore[misc]
                self._at(reached, until, lambda alert=alert: self._reach(alert))  # type: ignore[misc]
                self._at(closed, until, lambda alert=alert: self._close(alert))  # type: ignore[misc]

    def _reach(self, alert: Alert) -> None:
        alerts.record_contact(
            alert=alert, actor=self.nurse, channel="phone", reached=True, text="Spoke for ten minutes."
        )

    def _close(self, alert: Alert) -> None:
        alerts.resolve(
            alert=alert,
            actor=self.nurse,
            disposition="safe",
            text="Known passing thoughts, no plan, no intent. Went through the safety plan together. Next contact at the session.",
            record=CLOSING | {"follow_up_at": clock.now() + timedelta(days=2)},
        )

    def _handle_tasks(self) -> None:
        """Tasks of more than three days are closed; younger ones wait on the worklist."""
        old = clock.now() - timedelta(days=3)
        for alert in Alert.objects.filter(self.of_theirs, clinic=self.clinic, level="P3", raised_at__lt=old).exclude(
            state=AlertState.RESOLVED
        ):
            if alert.state == AlertState.OPEN:
                alerts.acknowledge(alert=alert, actor=self.nurse)
            alerts.resolve(alert=alert, actor=self.nurse, disposition="no-concern", text="Phoned: busy week, all well.")
        for problem in Problem.objects.filter(
            self.of_theirs, clinic=self.clinic, closed_at__isnull=True, last_reported_at__lte=old
        ):
            close_problem(problem=problem, outcome="passed", text="Asked about it: it has passed.", actor=self.nurse)

    def _withdraw(self, until: datetime) -> None:
        """Nothing of the past is sent."""
        with use_clinic(self.clinic.pk), transaction.atomic():
            pending = Delivery.objects.filter(clinic_id=self.clinic.pk, state=State.PENDING, created_at__lt=until)
            pending.filter(not_before__lt=self.moment(until.astimezone(self.zone).date(), time(0))).update(
                state=State.CANCELLED
            )
