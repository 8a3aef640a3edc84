"""Fit each clinic's forecast model to its own courses; now, or those whose month has passed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.accounts.models import Clinic
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.outcomes.learning import ENOUGH_PEOPLE, learn_from
from apps.outcomes.refit import refits_due


class Command(BaseCommand):
    help = (
        "Fit the forecasts of each clinic to its own courses; a model that says less than the one before is not used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--clinic", help="slug of one clinic; else all")
        which.add_argument("--due", action="store_true", help="one clinic whose month has passed, as Celery does it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["due"]:
            self.stdout.write(f"{refits_due()} clinics were due")
            return
        clinics = Clinic.objects.order_by("slug")
        for clinic in clinics.filter(slug=options["clinic"]) if options["clinic"] else clinics:
            with use_clinic(clinic.pk):
                found = learn_from(clinic, clock.now())
            if found.ours is None or found.before is None:
                words = f"{found.people} courses, {ENOUGH_PEOPLE} are needed: the model stays"
            else:
                verdict = "a new version is in use" if found.taken else "no better than the one before: it stays"
                words = f"{found.people} courses, loss {found.ours:.2f} against {found.before:.2f}: {verdict}"
            self.stdout.write(f"{clinic.slug}: {words}")
