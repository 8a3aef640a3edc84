"""A rule on the past: what it would have fired in the last 90 days, before it goes live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from apps.alerts.models import Rule
from apps.alerts.rules.evaluators import replay
from apps.alerts.rules.facts import Expected, Happened
from apps.core import clock
from apps.monitoring.rules.gathering import facts_of
from apps.patients.models import Patient

DAYS = 90
BEFORE = timedelta(days=180)  # what a person's usual score is taken from
WEEKS_SHOWN = 13
EXAMPLES = 20


def try_rule(
    rule: Rule,
    written: Mapping[UUID, tuple[Happened, ...]] | None = None,
    expected: Mapping[UUID, tuple[Expected, ...]] | None = None,
) -> dict[str, Any]:
    """{days, people, fired, affected, a_week: [n, ...] oldest first, examples: [{patient, at, value}]}.

    written, expected: messages and forecasts by person, which only a layer above may read. Needs the clinic in scope.
    """
    now = clock.now()
    since = now - timedelta(days=DAYS)
    people = {row.pk: row for row in Patient.objects.filter(clinic_id=rule.clinic_id, status="active")}
    facts = facts_of(people, rule.kind, since - BEFORE)
    whole = {
        pk: replace(one, written=(written or {}).get(pk, ()), expected=(expected or {}).get(pk, ()))
        for pk, one in facts.items()
    }
    found = {pk: replay(rule.kind, rule.parameters, one, since) for pk, one in whole.items()}
    every = sorted(((fired, pk) for pk, rows in found.items() for fired in rows), key=lambda pair: pair[0].at)
    weeks = Counter((now - fired.at) // timedelta(days=7) for fired, _pk in every)
    zone = clock.zone_of(rule.clinic.time_zone)
    return {
        "days": DAYS,
        "people": len(people),
        "fired": len(every),
        "affected": sum(bool(rows) for rows in found.values()),
        "a_week": [weeks[week] for week in reversed(range(WEEKS_SHOWN))],
        "examples": [
            {"patient": people[pk].number, "at": fired.at.astimezone(zone).isoformat(), "value": fired.value}
            for fired, pk in reversed(every[-EXAMPLES:])
        ],
    }
