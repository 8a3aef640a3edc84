"""How good the alerts are: per rule what came of it and how fast, per clinician and day, and what to change."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.models import Clinic
from apps.alerts.cause_words import WORDS, cause_words
from apps.alerts.models import Alert, AlertEvent, AlertOccurrence, AlertState, Audience, Disposition, EventKind
from apps.core import clock

DISMISSED = (Disposition.MISTAKE, Disposition.NO_CONCERN)
#: A proposal needs so many closed alerts (product default), and such a share of them dismissed.
ENOUGH = 10
RETIRE_SHARE, TIGHTEN_SHARE = 0.8, 0.5
FLOOR_CAUSES = ("suicidal-thoughts", "call-request", "phrase", "chest-pain")
_COUNTED = re.compile(r"^(check-in-problem-(?:kind|severe)|problem-unlooked)-\d+$")


@dataclass(slots=True)
class RuleLine:
    """One rule in the period. fired: alerts that it opened; counted: findings on open ones as well; minutes."""

    rule: str
    level: str
    cause: str
    fired: int = 0
    counted: int = 0
    acted_on: int = 0
    dismissed: int = 0
    to_take: list[float] = field(default_factory=list)
    to_contact: list[float] = field(default_factory=list)

    @property
    def closed(self) -> int:
        """Those whose end is known."""
        return self.acted_on + self.dismissed

    @property
    def precision(self) -> float | None:
        """Share of the closed ones on which somebody acted; None before any is closed."""
        return self.acted_on / self.closed if self.closed else None

    @property
    def take_median(self) -> float | None:
        return quantile(self.to_take, 0.5)

    @property
    def take_p90(self) -> float | None:
        return quantile(self.to_take, 0.9)

    @property
    def contact_median(self) -> float | None:
        return quantile(self.to_contact, 0.5)

    @property
    def contact_p90(self) -> float | None:
        return quantile(self.to_contact, 0.9)

    @property
    def words(self) -> str:
        """What it is about."""
        return cause_words(self.rule if self.rule in WORDS else self.cause)

    @property
    def proposal(self) -> str:
        """'retire', 'tighten' or "": a proposal for people, never done by itself, and never about the floor."""
        if self.cause in FLOOR_CAUSES or self.level == "P1" or self.closed < ENOUGH:
            return ""
        share = self.dismissed / self.closed
        return "retire" if share >= RETIRE_SHARE else "tighten" if share >= TIGHTEN_SHARE else ""


@dataclass(frozen=True, slots=True)
class Burden:
    """Alerts that one person took. a_day: by the days on which they took any."""

    name: str
    taken: int
    days: int

    @property
    def a_day(self) -> float:
        return self.taken / self.days if self.days else 0.0


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value at or below which that share lies (nearest rank); None of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else None


def rule_name(code: str, cause: str) -> str:
    """The rule of an occurrence, without the counter or the time that keeps its repeats apart.

    >>> rule_name("20261120151500-1", "home-look-in"), rule_name("problem-unlooked-3", "problem-open-1")
    ('home-look-in', 'problem-unlooked')
    """
    found = _COUNTED.match(code)
    return found.group(1) if found else cause if code[:4].isdigit() else code


def rule_lines(clinic: Clinic, days: int) -> list[RuleLine]:
    """Every rule that fired in the last days, the most frequent first. Demonstration rows only in such a clinic."""
    alerts = {row.pk: row for row in _alerts(clinic, days)}
    first = _first_times(alerts)
    lines: dict[str, RuleLine] = {}
    opened: set[UUID] = set()
    occurrences = AlertOccurrence.objects.filter(alert_id__in=alerts).order_by("created_at", "id")
    for alert_id, code in occurrences.values_list("alert_id", "rule_code"):
        alert = alerts[alert_id]
        rule = rule_name(code, alert.cause)
        line = lines.setdefault(rule, RuleLine(rule, alert.level, alert.cause))
        line.counted += 1
        if alert_id not in opened:
            opened.add(alert_id)
            _add(line, alert, first)
    return sorted(lines.values(), key=lambda line: (-line.fired, line.rule))


def burden(clinic: Clinic, days: int) -> list[Burden]:
    """Who took how many alerts, the most first."""
    rows = AlertEvent.objects.filter(alert__in=_alerts(clinic, days), kind=EventKind.TAKEN, actor__isnull=False)
    taken: dict[str, list[datetime]] = defaultdict(list)
    for name, at in rows.values_list("actor__user__name", "created_at"):
        taken[name].append(at)
    found = [Burden(name, len(moments), len({at.date() for at in moments})) for name, moments in taken.items()]
    return sorted(found, key=lambda one: -one.taken)


def _alerts(clinic: Clinic, days: int) -> Iterable[Alert]:
    rows = Alert.objects.filter(clinic=clinic, raised_at__gte=clock.now() - timedelta(days=days))
    rows = rows.exclude(audience=Audience.NOBODY)
    return rows if clinic.synthetic else rows.filter(synthetic=False)


def _first_times(alerts: dict[UUID, Alert]) -> dict[tuple[UUID, str], datetime]:
    """When an alert was first taken, and its person first reached."""
    rows = AlertEvent.objects.filter(alert_id__in=alerts, kind__in=[EventKind.TAKEN, EventKind.REACHED])
    found: dict[tuple[UUID, str], datetime] = {}
    for alert_id, kind, at in rows.order_by("created_at").values_list("alert_id", "kind", "created_at"):
        found.setdefault((alert_id, kind), at)
    return found


def _add(line: RuleLine, alert: Alert, first: dict[tuple[UUID, str], datetime]) -> None:
    line.fired += 1
    if alert.state == AlertState.RESOLVED:
        dismissed = alert.disposition in DISMISSED
        line.dismissed += dismissed
        line.acted_on += not dismissed
    for kind, times in ((EventKind.TAKEN, line.to_take), (EventKind.REACHED, line.to_contact)):
        at = first.get((alert.pk, kind))
        if at is not None:
            times.append((at - alert.raised_at).total_seconds() / 60)
