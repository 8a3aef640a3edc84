"""What the rows say about exposure and the long-term checks, as the pure rules take it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Clinic
from apps.core.clock import zone_of
from apps.monitoring.actions.library import worded
from apps.monitoring.models import QuestionnaireResponse
from apps.patients.models import Patient
from apps.sessions.dose_limits import Route
from apps.sessions.models import CognitionResult, LabCode, LabFinding, LabResult, MedicationAdministration
from apps.sessions.treatment.exposure import (
    Due,
    Exposure,
    ExposureLimits,
    Person,
    Share,
    Taken,
    due_checks,
    enzymes_over,
    exposure,
)

#: Which results count as which check.
COUNTS_AS = {
    LabCode.URINALYSIS: "bladder",
    LabCode.ALT: "liver",
    LabCode.AST: "liver",
    LabCode.COGNITION: "cognition",
    LabCode.HCG: "pregnancy",
}
BLADDER_QUESTIONS = "icsi-icpi"
TOGETHER = timedelta(days=14)  # product default
CHILDBEARING = range(12, 56)  # years in which the question is asked at all (product default)


@dataclass(frozen=True, slots=True)
class Standing:
    """Exposure, what is due, and what a result itself says against a dose (codes of the gate)."""

    exposure: Exposure
    due: tuple[Due, ...]
    against: frozenset[str]

    def codes(self, today: date) -> tuple[frozenset[str], frozenset[str]]:
        """(what holds a dose, what is only said): overdue checks and results; checks that are due."""
        overdue = {f"{due.kind}_check_overdue" for due in self.due if due.is_overdue(today)}
        soon = {f"{due.kind}_check_due" for due in self.due if due.is_due(today) and not due.is_overdue(today)}
        return frozenset(overdue) | self.against, frozenset(soon)


def limits_of(clinic: Clinic) -> ExposureLimits:
    """As the clinic has them."""
    settings = settings_of(clinic)
    names = [name.removeprefix("check_") for name in settings if name.startswith("check_")]
    shares: dict[str, Any] = {
        group: Share(settings[f"share_{group}_low"], settings[f"share_{group}_high"])
        for group in ("swallowed", "injected", "nasal")
    }
    numbers: dict[str, Any] = {name: settings[f"check_{name}"] for name in names}
    return ExposureLimits(**shares, **numbers)


def standing_of(patient: Patient, at: datetime) -> Standing:
    """Everything of one person, of all courses and routes, in a few queries."""
    limits, today = limits_of(patient.clinic), day_of(patient.clinic, at)
    doses = taken(patient)
    results = list(LabResult.objects.known().filter(patient=patient, taken_on__lte=today).order_by("taken_on", "id"))
    done = _done(results)
    done["bladder"] = _bladder(patient, done["bladder"], today)
    done["cognition"] = sorted({*done["cognition"], *_tasks(patient, today)})
    person = Person(may_be_pregnant=_asked_about_pregnancy(patient, results, today), done=done)
    return Standing(exposure(doses, today, limits), due_checks(doses, person, today, limits), _against(results, limits))


def taken(patient: Patient) -> list[Taken]:
    """Doses that stand; what was stopped early counts as what was given."""
    rows = MedicationAdministration.objects.known().filter(patient=patient).order_by("started_at")
    return [
        Taken(
            day_of(patient.clinic, row.started_at),
            Route(row.route),
            float(row.dose_mg if row.given_mg is None else row.given_mg),
        )
        for row in rows
    ]


def day_of(clinic: Clinic, at: datetime) -> date:
    """The day of the clinic."""
    return at.astimezone(zone_of(clinic.time_zone)).date()


def _done(results: list[LabResult]) -> dict[str, list[date]]:
    """A liver check is done on the day on which both enzymes were taken."""
    found: dict[str, list[date]] = {}
    for code, kind in COUNTS_AS.items():
        days = {row.taken_on for row in results if row.code == code}
        found[kind] = sorted(days & set(found[kind]) if kind in found else days)
    return found


def _bladder(patient: Patient, urine: list[date], today: date) -> list[date]:
    """Urinalysis and the urinary questions (ICSI/ICPI) together, within two weeks of each other (clinical.md 2.7).

    Without an installed wording urinalysis alone is the check: nobody can be asked.
    """
    if worded(BLADDER_QUESTIONS, patient.clinic) is None:
        return urine
    rows = QuestionnaireResponse.objects.filter(
        patient=patient, questionnaire__key=BLADDER_QUESTIONS, status="completed"
    )
    asked = {day_of(patient.clinic, at) for at in rows.values_list("authored_at", flat=True)}
    return sorted({max(day, one) for day in urine for one in asked if one <= today and abs(day - one) <= TOGETHER})


def bladder_indices(answers: dict[str, Any]) -> dict[str, int | None]:
    """ICSI 0-20 and ICPI 0-16 of what was answered; None where an item is missing."""
    found: dict[str, int | None] = {}
    for name in ("icsi", "icpi"):
        values = [one for number in range(1, 5) if isinstance(one := answers.get(f"{name}{number}"), int)]
        found[name] = sum(values) if len(values) == 4 else None
    return found


def _tasks(patient: Patient, today: date) -> set[date]:
    """Days of usable reaction and memory tasks."""
    rows = CognitionResult.objects.filter(patient=patient, usable=True).values_list("taken_at", flat=True)
    return {day for day in (day_of(patient.clinic, at) for at in rows) if day <= today}


def _asked_about_pregnancy(patient: Patient, results: list[LabResult], today: date) -> bool:
    """Not for men, not outside the years, not when staff wrote that it does not apply."""
    age = today.year - patient.birth_on.year
    last = next((row for row in reversed(results) if row.code == LabCode.HCG), None)
    if patient.sex == "male" or age not in CHILDBEARING:
        return False
    return last is None or last.finding != LabFinding.NOT_RELEVANT


def _against(results: list[LabResult], limits: ExposureLimits) -> frozenset[str]:
    """By the newest result of each: enzymes over three times their limit, a positive pregnancy test."""
    newest = {row.code: row for row in results}
    enzymes = [newest[code] for code in (LabCode.ALT, LabCode.AST) if code in newest]
    values = [(float(row.value), float(row.upper_limit)) for row in enzymes if row.value and row.upper_limit]
    found = {"liver_enzymes_over_3x"} if enzymes_over(values, limits) else set()
    hcg = newest.get(LabCode.HCG)
    if hcg is not None and hcg.finding == LabFinding.POSITIVE:
        found.add("pregnancy_test_positive")
    return frozenset(found)
