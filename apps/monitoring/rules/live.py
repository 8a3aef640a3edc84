"""Rules at work: when an answer, a survey or a reading comes in, and by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.db import transaction

from apps.alerts.actions.rules import RUN_EVERY, apply_rules, rules_in_force
from apps.alerts.models import Rule
from apps.alerts.rules.facts import Answered, Facts, Measured
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring.models import ItemAnswer, QuestionnaireResponse
from apps.monitoring.rules.gathering import facts_of
from apps.patients.models import Patient

LOOK_BACK = timedelta(days=400)
CLOCK_BACK = timedelta(days=60)
WITH_DOSES = ("reliable", "own-baseline")  # off-track needs a forecast: apps.outcomes.expecting
ON_SCORES = ("score", "change", "slope", *WITH_DOSES)


class StoredReading(Protocol):
    """A reading as it was stored."""

    @property
    def id(self) -> UUID: ...
    @property
    def code(self) -> str: ...
    @property
    def value(self) -> object: ...
    @property
    def effective_at(self) -> datetime: ...


def on_answers(patient: Patient, answers: Sequence[ItemAnswer], instrument: str) -> None:
    """Rules on single answers, the moment they are saved."""
    given = [answer for answer in answers if answer.value is not None]
    rules = rules_in_force(patient.clinic_id, "item") if given else []
    for answer in given if rules else []:
        one = Answered(answer.pk, answer.received_at, instrument, None, {answer.link_id: answer.value})
        apply_rules(patient=patient, facts=Facts(at=clock.now(), answered=(one,)), rules=rules)


def on_response(response: QuestionnaireResponse) -> None:
    """Rules on scores, when a survey is submitted."""
    rules = rules_in_force(response.clinic_id, *ON_SCORES)
    if rules:
        since = clock.now() - LOOK_BACK
        kind = "reliable" if any(rule.kind in WITH_DOSES for rule in rules) else "score"
        facts = facts_of([response.patient_id], kind, since)[response.patient_id]
        apply_rules(patient=response.patient, facts=facts, rules=rules)


def on_readings(patient: Patient, rows: Sequence[StoredReading]) -> None:
    """Rules on readings, when a batch is stored: of each code its worst by the rule is the one that counts."""
    rules = rules_in_force(patient.clinic_id, "vitals") if rows else []
    for rule in rules:
        fitting = [row for row in rows if row.code == rule.parameters["code"]]
        if not fitting:
            continue
        sign = -1 if rule.parameters.get("at_least") is None else 1
        worst = max(fitting, key=lambda row: sign * float(str(row.value)))
        one = Measured(worst.id, worst.effective_at, worst.code, float(str(worst.value)))
        apply_rules(patient=patient, facts=Facts(at=clock.now(), measured=(one,)), rules=[rule])


def run_due_rules(limit: int = 20) -> int:
    """Rules that time brings about, each once an hour over everybody in care; how many. The row is the timer."""
    now = clock.now()
    with transaction.atomic():
        due = Rule.objects.filter(next_run_at__lte=now, retired_at__isnull=True).order_by("next_run_at")
        rules = list(due.select_for_update(skip_locked=True)[:limit])
        for rule in rules:
            with use_clinic(rule.clinic_id), transaction.atomic():
                _run(rule)
                rule.next_run_at = now + RUN_EVERY
                rule.save(update_fields=["next_run_at"])
    return len(rules)


def _run(rule: Rule) -> None:
    people = {row.pk: row for row in Patient.objects.filter(clinic_id=rule.clinic_id, status="active")}
    for pk, facts in facts_of(people, rule.kind, clock.now() - CLOCK_BACK).items():
        apply_rules(patient=people[pk], facts=facts, rules=[rule])
