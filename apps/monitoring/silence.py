"""People who stopped answering, ranked: those who were getting worse before it, then by time since the last dose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.accounts.models import Membership
from apps.alerts.rules.evaluators import weekly_slope
from apps.alerts.rules.facts import Answered, Asked
from apps.core import clock
from apps.monitoring.rules.gathering import facts_of
from apps.patients.models import Patient

IN_A_ROW = 2
LOOK_BACK = timedelta(days=120)
BEFORE_SILENCE = timedelta(weeks=6)
MEASURE = "phq-9"  # more points are worse


@dataclass(frozen=True, slots=True)
class Silent:
    """One person. missed: surveys in a row not answered; slope: points a week before that, None where unknown."""

    patient: Patient
    missed: int
    last_answer: datetime | None
    slope: float | None
    last_total: float | None
    last_dose: datetime | None

    def rank(self, at: datetime) -> tuple[float, float, int]:
        """Smaller is more urgent: steeper first, then the longer ago the dose, then the longer the silence."""
        since = (at - self.last_dose).total_seconds() if self.last_dose else 0.0
        return -(self.slope or 0.0), -since, -self.missed


def silent_people(patients: Iterable[Patient]) -> list[Silent]:
    """Those among them who left their last two surveys unanswered, the most urgent first. Needs the clinic in scope."""
    people = {row.pk: row for row in patients}
    now = clock.now()
    asked = facts_of(people, "silence", now - LOOK_BACK)
    missed = {pk: missed_in_a_row(facts.asked) for pk, facts in asked.items()}
    quiet = [pk for pk, count in missed.items() if count >= IN_A_ROW]
    known = facts_of(quiet, "missed-check", now - LOOK_BACK)
    found = [
        _silent(people[pk], missed[pk], known[pk].answered, known[pk].doses[-1].at if known[pk].doses else None)
        for pk in quiet
    ]
    return sorted(found, key=lambda one: one.rank(now))


def missed_in_a_row(asked: tuple[Asked, ...]) -> int:
    """Of the survey that is missed longest: how many of its last ones in a row."""
    rows: dict[str, int] = {}
    for one in asked:
        rows[one.instrument] = 0 if one.answered else rows.get(one.instrument, 0) + 1
    return max(rows.values(), default=0)


def responsible(patient: Patient) -> Membership | None:
    """Whose task it is: the treating clinician, else the coordinator who has been here longest."""
    if patient.treating is not None and patient.treating.ended_at is None:
        return patient.treating
    rows = Membership.objects.filter(clinic_id=patient.clinic_id, role="coordinator", ended_at__isnull=True)
    return rows.select_related("user").order_by("created_at").first()


def _silent(patient: Patient, missed: int, answered: tuple[Answered, ...], dose: datetime | None) -> Silent:
    scores = [(one.at, one.total) for one in answered if one.instrument == MEASURE and one.total is not None]
    last = answered[-1].at if answered else None
    before = [(at, total) for at, total in scores if last is not None and at >= last - BEFORE_SILENCE]
    return Silent(patient, missed, last, weekly_slope(before), scores[-1][1] if scores else None, dose)
