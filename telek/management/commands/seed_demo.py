"""Make the demonstration: two invented clinics with a past of six weeks and something going on today."""

import random
import time
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.accounts.models import Clinic, User
from apps.accounts.permissions import Role
from apps.audit import actions as audit
from apps.audit.models import Action, AuditEvent
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring.actions.library import publish_library
from apps.patients.models import Patient
from telek.demo_personas import HILLSIDE, PERSONAS, RIVERSIDE
from telek.simulation import people, stories
from telek.simulation.clinic import fill_roster, make_clinic, make_patient, make_staff, member
from telek.simulation.course import dose_days
from telek.simulation.people import Invented
from telek.simulation.run import Life, Simulation
from telek.simulation.shares import live, side_by_side

CLINICS = [
    (RIVERSIDE, "Riverside Clinic", "America/New_York", "(555) 0100-200", people.RIVERSIDE),
    (HILLSIDE, "Hillside Clinic", "America/Denver", "(555) 0100-300", people.HILLSIDE),
]
TOLD = "demonstration told"
HALF_MADE = (
    "The demonstration of %(name)s was stopped while it was made: delete the data folder and start bin/demo again"
)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=20261124)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION or not settings.CLOCK_MOVABLE:
            raise CommandError("The demonstration is made in a demo or test installation only.")
        began = time.monotonic()
        publish_library()
        make_platform_admin()
        clinics = [make_clinic(*named) for *named, _invented in CLINICS]
        everybody = [invented for *_named, invented in CLINICS]
        given = side_by_side(seed_clinic, clinics, everybody, [options["seed"]] * len(clinics))
        for clinic, invented, answers in zip(clinics, everybody, given, strict=True):
            self.stdout.write(f"{clinic.name}: {len(invented)} people, {answers} answers")
        self.stdout.write(f"done in {time.monotonic() - began:.1f} s")


def make_platform_admin() -> None:
    """Runs the installation; sees no clinical row."""
    persona = PERSONAS["platform-admin"]
    user, made = User.objects.get_or_create(
        email=persona.email, defaults={"name": persona.name, "is_staff": True, "is_superuser": True}
    )
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])


def seed_clinic(clinic: Clinic, invented: list[Invented], seed: int) -> int:
    """The clinic's people and, on the first run, their past; the number of answers given."""
    now = clock.now()
    today = now.astimezone(clock.zone_of(clinic.time_zone)).date()
    with use_clinic(clinic.pk):
        with transaction.atomic():
            staff = make_staff(clinic)
            prescriber = staff[Role.PRESCRIBER]
            nurse = staff.get(Role.NURSE, prescriber)
            night = staff.get(Role.THERAPIST, prescriber)
            fill_roster(clinic, day=member(nurse), night=member(night), director=member(prescriber))
            patients = [make_patient(clinic, n, who, member(prescriber)) for n, who in enumerate(invented, 1)]
            lived, told = patients[0].assignments.exists(), told_to_the_end(clinic)
        if lived and not told:
            raise CommandError(HALF_MADE % {"name": clinic.name})
        if lived:
            return 0
        lives = [make_life(p, who, today, seed) for p, who in zip(patients, invented, strict=True)]
        simulation = Simulation(clinic, prescriber, nurse, lives)
    live(simulation, now)
    with use_clinic(clinic.pk):
        stories.tell(simulation, staff, now, {p.pk: w.story for p, w in zip(patients, invented, strict=True)})
    mark_the_end(clinic)
    return simulation.answers


def mark_the_end(clinic: Clinic) -> None:
    """The last row of a demonstration."""
    with use_clinic(clinic.pk), transaction.atomic():
        audit.record(action=Action.CREATE, actor_id=None, obj=clinic, detail=TOLD)


def told_to_the_end(clinic: Clinic) -> bool:
    """Whether its last row is there: without it, whoever made it was stopped half-way."""
    return AuditEvent.objects.filter(clinic_id=clinic.pk, object_id=clinic.pk, detail=TOLD).exists()


def make_life(patient: Patient, who: Invented, today: date, seed: int) -> Life:
    """The person with dice of their own, so that one more patient changes nobody else's course."""
    # Weekly forms fall on the day of the week on which the person began: spread over the week.
    starts_on = today - timedelta(weeks=who.weeks_in_care, days=int(patient.number) % 7)
    rng = random.Random(f"{seed}:{patient.number}")  # noqa: S311  (a simulation)
    doses = dose_days(starts_on + timedelta(days=2), today)
    return Life(patient, who.traits, doses, who.label, rng, starts_on, on_record=who.on_record)
