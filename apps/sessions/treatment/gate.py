"""May the dose be given now? Everything that stands against it, in one list. Pure.

Eligibility (clinical.md 2.4) is run again with what is new today; beside it stand what no rule of medicine can mend:
consent, screening, who is in the house, the interval. Nothing contraindicated and nothing of these has an override.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from apps.sessions.dose_limits import DoseLevel, IntervalCheck
from apps.sessions.eligibility import DEFAULT_LIMITS, REASONS, Candidate, EligibilityLimits, Status, eligibility

#: Statuses that a prescriber may override with a reason (clinical.md 2.4).
OVERRIDABLE = (Status.HOLD, Status.NOT_RECOMMENDED)


@dataclass(frozen=True, slots=True)
class Evidence:
    """consent: active, missing, withdrawn or outdated. screened_on: day of the newest screening; interval: esketamine."""

    candidate: Candidate
    today: date
    consent: str = "missing"
    screened_on: date | None = None
    unclear: bool = False  # a question of the screening was answered with "not sure" and nobody cleared it up
    checked_today: bool = False
    prescriber_present: bool | None = None
    interval: IntervalCheck | None = None
    review_due: bool = False  # the course asks for a review before this dose, and there was none
    unchecked: bool = False  # the person told of a medicine that nobody of staff has looked at
    interactions: tuple[str, ...] = ()  # flags of medicines beside those of eligibility
    overridden: frozenset[str] = frozenset()
    home_missing: frozenset[str] = frozenset()  # what a dose at home lacks; no override
    held_by_checks: frozenset[str] = frozenset()  # long-term checks that are overdue, results that speak against it
    checks_due: frozenset[str] = frozenset()  # said, and no more


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Clinic-configurable: how many days a screening holds before it is asked anew (product default)."""

    screening_days: int = 90
    eligibility: EligibilityLimits = field(default_factory=lambda: DEFAULT_LIMITS)


@dataclass(frozen=True, slots=True)
class GateItem:
    """One thing that stands against the dose. overridable: by a prescriber, with a reason; overridden: it was."""

    code: str
    status: Status | None
    overridable: bool
    overridden: bool = False

    @property
    def blocks(self) -> bool:
        """Cautions are shown and don't block."""
        return not self.overridden and self.status is not Status.CAUTION


@dataclass(frozen=True, slots=True)
class Gate:
    """Everything found, what blocks first."""

    items: tuple[GateItem, ...]

    @property
    def is_open(self) -> bool:
        """A dose may be given."""
        return not self.blocking

    @property
    def blocking(self) -> tuple[GateItem, ...]:
        """What must be gone, or overridden where that is allowed."""
        return tuple(item for item in self.items if item.blocks)

    @property
    def to_override(self) -> tuple[GateItem, ...]:
        """What a prescriber may decide on."""
        return tuple(item for item in self.blocking if item.overridable)


DEFAULT_GATE = GateLimits()


def gate(evidence: Evidence, limits: GateLimits = DEFAULT_GATE) -> Gate:
    """Everything that stands against a dose now. Raises ValueError for impossible values, as `eligibility` does."""
    hard = [GateItem(code, None, overridable=False) for code in _hard(evidence, limits)]
    found = eligibility(evidence.candidate, limits=limits.eligibility)
    soft = [_item(code, evidence.overridden) for code in found.reasons]
    weekly = [_item_of(code, Status.HOLD, evidence.overridden) for code in _warned_interval(evidence)]
    told = [_item_of("medicines_unchecked", Status.HOLD, evidence.overridden)] if evidence.unchecked else []
    beside = [GateItem(code, Status.CAUTION, overridable=False) for code in evidence.interactions]
    checks = [_item_of(code, Status.HOLD, evidence.overridden) for code in sorted(evidence.held_by_checks)]
    said = [GateItem(code, Status.CAUTION, overridable=False) for code in sorted(evidence.checks_due)]
    items = [*hard, *soft, *weekly, *told, *beside, *checks, *said]
    return Gate(tuple(sorted(items, key=lambda item: not item.blocks)))


def _item(code: str, overridden: frozenset[str]) -> GateItem:
    return _item_of(code, REASONS[code], overridden)


def _item_of(code: str, status: Status, overridden: frozenset[str]) -> GateItem:
    allowed = status in OVERRIDABLE
    return GateItem(code, status, overridable=allowed, overridden=allowed and code in overridden)


def _hard(evidence: Evidence, limits: GateLimits) -> Iterator[str]:
    if evidence.consent != "active":
        yield f"consent_{evidence.consent}"
    yield from _of_screening(evidence, limits)
    yield from sorted(evidence.home_missing)
    if not evidence.checked_today:
        yield "pre_dose_check_missing"
    if evidence.prescriber_present is not True:
        yield "prescriber_not_present"
    if evidence.review_due:
        yield "review_missing"
    if evidence.interval is not None and evidence.interval.level is DoseLevel.HARD_STOP:
        yield from (code for code in evidence.interval.reasons if code != "weekly_from_week_5")


def _of_screening(evidence: Evidence, limits: GateLimits) -> Iterator[str]:
    if evidence.screened_on is None:
        yield "screening_missing"
    elif evidence.today - evidence.screened_on > timedelta(days=limits.screening_days):
        yield "screening_too_old"
    elif evidence.unclear:
        yield "screening_unclear"


def _warned_interval(evidence: Evidence) -> Iterator[str]:
    if evidence.interval is not None and "weekly_from_week_5" in evidence.interval.reasons:
        yield "weekly_from_week_5"
