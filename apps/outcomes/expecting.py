"""What forecasts said, for rules that compare a score with it. A forecast may add an alert; it never touches one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from apps.alerts.actions.rules import apply_rules, rules_in_force
from apps.alerts.rules.facts import Expected
from apps.core import clock
from apps.monitoring.rules.gathering import facts_of
from apps.outcomes.models import Forecast
from apps.outcomes.people import INSTRUMENT
from apps.patients.models import Patient

KIND = "off-track"
LOOK_BACK = timedelta(days=400)
FORECASTS_BACK = timedelta(days=130)  # of a trial on 90 days, and the oldest forecast that still says something


def expected_of(people: Iterable[UUID]) -> dict[UUID, tuple[Expected, ...]]:
    """The forecasts of these people, oldest first; of a day the last one. Needs the clinic in scope."""
    since = clock.now() - FORECASTS_BACK
    rows = Forecast.objects.filter(patient_id__in=list(people), made_at__gte=since).prefetch_related("points")
    found: dict[UUID, dict[object, Expected]] = {}
    for row in rows.order_by("made_at"):
        upper = tuple(sorted((point.days_ahead, point.high80) for point in row.points.all()))
        found.setdefault(row.patient_id, {})[row.made_on] = Expected(row.made_at, INSTRUMENT, upper)
    return {person: tuple(by_day.values()) for person, by_day in found.items()}


def compare_with_expected(patient: Patient) -> int:
    """Apply the clinic's rules on what was expected to the newest score; how many alerts were raised or counted onto."""
    rules = rules_in_force(patient.clinic_id, KIND)
    if not rules:
        return 0
    facts = facts_of([patient.pk], KIND, clock.now() - LOOK_BACK)[patient.pk]
    expected = expected_of([patient.pk]).get(patient.pk, ())
    return len(apply_rules(patient=patient, facts=replace(facts, expected=expected), rules=rules))
