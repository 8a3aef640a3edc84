"""Add invented patients with a past to a synthetic clinic, through the same actions as real use."""

import random
import time
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.accounts.models import Clinic
from apps.accounts.permissions import Role
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring.actions.library import publish_library
from apps.patients.models import Patient
from telek.demo_personas import RIVERSIDE
from telek.management.commands.seed_demo import make_life
from telek.simulation.clinic import fill_roster, make_clinic, make_patient, make_staff, member
from telek.simulation.course import dose_days, draw_traits
from telek.simulation.people import Invented
from telek.simulation.run import Simulation
from telek.simulation.shares import live

GIVEN = (
    "Ada",
    "Bela",
    "Cora",
    "Dario",
    "Edda",
    "Finn",
    "Gita",
    "Hugo",
    "Iris",
    "Jona",
    "Kai",
    "Lena",
    "Milo",
    "Nora",
    "Otto",
    "Pia",
)
FAMILY = (
    "Abel",
    "Brook",
    "Castel",
    "Dorn",
    "Elms",
    "Frost",
    "Garnet",
    "Hale",
    "Ives",
    "Juno",
    "Kern",
    "Lark",
    "Moss",
    "North",
)
FIRST_NUMBER = 1000  # numbers of the hand-made people lie below


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--patients", type=int, default=12)
        parser.add_argument("--days", type=int, default=42)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--processes", type=int, default=None, help="at most so many at once (default: the cores)")
        parser.add_argument(
            "--clinic", default=RIVERSIDE, help="slug of a clinic; made as a synthetic one when it is missing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION or not settings.CLOCK_MOVABLE:
            raise CommandError("Simulated people are made in a demo or test installation only.")
        if not 1 <= options["patients"] <= 1000 or not 1 <= options["days"] <= 365:
            raise CommandError("Between 1 and 1000 patients, between 1 and 365 days.")
        began = time.monotonic()
        publish_library()
        clinic = make_clinic(
            options["clinic"],
            options["clinic"].replace("-", " ").title() + " Clinic",
            "America/New_York",
            "(555) 0100-400",
        )
        if not clinic.synthetic:
            raise CommandError(f"{clinic} is a real clinic.")
        simulation = prepare(clinic, options["patients"], options["days"], options["seed"])
        live(simulation, clock.now(), options["processes"])
        self.stdout.write(
            f"{clinic}: {len(simulation.lives)} people, {options['days']} days, {simulation.answers} answers, "
            f"seed {options['seed']}, {time.monotonic() - began:.1f} s"
        )


def prepare(clinic: Clinic, patients: int, days: int, seed: int) -> Simulation:
    """The people of that seed, each with a first day of care within the first third of the time."""
    rng = random.Random(seed)  # noqa: S311  (a simulation)
    today = clock.now().astimezone(clock.zone_of(clinic.time_zone)).date()
    with use_clinic(clinic.pk), transaction.atomic():
        staff = make_staff(clinic)
        nurse = staff.get(Role.NURSE, staff[Role.PRESCRIBER])
        fill_roster(clinic, day=member(nurse), night=member(nurse), director=member(staff[Role.PRESCRIBER]))
        first = FIRST_NUMBER + Patient.objects.filter(clinic=clinic, number__gte=str(20400 + FIRST_NUMBER)).count()
        lives = []
        for number in range(first, first + patients):
            who = draw_person(rng, number)
            patient = make_patient(clinic, number, who, member(staff[Role.PRESCRIBER]))
            life = make_life(patient, who, today, seed)
            life.starts_on = today - timedelta(days=days - rng.randrange(max(1, days // 3)))
            life.doses = dose_days(life.starts_on + timedelta(days=2), today, series_only=life.traits.on_demand)
            lives.append(life)
    return Simulation(clinic, staff[Role.PRESCRIBER], nurse, lives)


def draw_person(rng: random.Random, number: int) -> Invented:
    """An invented person of that number."""
    return Invented(
        given=rng.choice(GIVEN),
        family=f"{rng.choice(FAMILY)}-{number}",
        born=date(rng.randrange(1950, 2004), rng.randrange(1, 13), rng.randrange(1, 28)),
        sex=rng.choice(["female", "male"]),
        traits=draw_traits(rng),
        contact=("Robin Example", "friend"),
        plan=rng.random() < 0.3,
    )
