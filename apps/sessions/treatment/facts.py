"""What happened in a dosing session, as plain facts, and what they say about leaving. Pure.

A correction is a fact of its own that names the one it replaces; "void" replaces without a new value. Only facts that
stand are counted. What was not written down counts as not done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.sessions.discharge import (
    CloseOut,
    Condition,
    DischargeLimits,
    NasalTimes,
    Pressure,
    nasal_close_out,
    parenteral_close_out,
)
from apps.sessions.dose_limits import Route

DISSOCIATION = "Dissociation"


@dataclass(frozen=True, slots=True)
class Fact:
    """One event. sbp, dbp mm[Hg]; hr, rr /min; spo2 %; score of MOAA/S, CADSS-6 or Aldrete; term of an effect."""

    kind: str
    at: datetime
    name: object = None
    corrects: object = None
    sbp: int | None = None
    dbp: int | None = None
    hr: int | None = None
    spo2: int | None = None
    rr: int | None = None
    score: int | None = None
    term: str = ""
    grade: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A dose that was given. ended_at None: the infusion runs, or devices are still to come."""

    route: Route
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClosingLimits:
    """Clinic-configurable. fresh_minutes: how old the last look at the person may be when they leave (product default)."""

    fresh_minutes: int = 30
    cadss_over_before: int = 0
    discharge: DischargeLimits = field(default_factory=DischargeLimits)


DEFAULT_LIMITS = ClosingLimits()


def standing(facts: Iterable[Fact]) -> list[Fact]:
    """Without what was corrected and without the voids, in the order in which it happened."""
    every = list(facts)
    replaced = {fact.corrects for fact in every if fact.corrects is not None}
    return sorted((f for f in every if f.name not in replaced or f.name is None), key=lambda fact: fact.at)


def live_effects(facts: Sequence[Fact]) -> dict[str, Fact]:
    """Effects that began and did not end: term to the fact that began it."""
    open_now: dict[str, Fact] = {}
    for fact in facts:
        if fact.kind == "effect":
            open_now.setdefault(fact.term, fact)
        elif fact.kind == "effect-gone":
            open_now.pop(fact.term, None)
    return open_now


def close_out(given: Given, facts: Iterable[Fact], now: datetime, limits: ClosingLimits = DEFAULT_LIMITS) -> CloseOut:
    """May the person leave now? Every blocker, those of clinical.md 2.6 first, then what the evidence adds."""
    known = [fact for fact in standing(facts) if fact.at <= now]
    condition = _condition(given, known, now, limits)
    if given.route is Route.INTRANASAL_ESKETAMINE:
        times = NasalTimes(given.started_at, given.ended_at, _bp40_at(given, known, limits), now)
        found = nasal_close_out(times, condition, limits=limits.discharge)
    else:
        aldrete = _score(known, "aldrete", _since(given, now, limits))
        found = parenteral_close_out(given.ended_at, now, condition, aldrete=aldrete, limits=limits.discharge)
    return CloseOut(
        (*found.blockers, *_further(given, known)), found.form_total_minutes, found.minutes_since_last_device
    )


def _further(given: Given, known: Sequence[Fact]) -> list[str]:
    grave = [fact for fact in live_effects(known).values() if (fact.grade or 1) >= 2 and fact.term != DISSOCIATION]
    return ["effect_not_resolved"] if grave else []


def _since(given: Given, now: datetime, limits: ClosingLimits) -> datetime:
    """Looks at the person count from here on: after the dose, and not too old."""
    after = given.ended_at or now
    return max(after, now - timedelta(minutes=limits.fresh_minutes))


def _condition(given: Given, known: Sequence[Fact], now: datetime, limits: ClosingLimits) -> Condition:
    since = _since(given, now, limits)
    return Condition(
        bp_pre=pressure([fact for fact in known if fact.at <= given.started_at]),
        bp_end=pressure([fact for fact in known if fact.at >= since]),
        moaas=_score(known, "moaas", since),
        dissociation_resolved=_resolved(given, known, limits),
        spo2=_newest(known, "spo2", since),
        escort=any(fact.kind == "escort" for fact in known),
    )


def pressure(facts: Sequence[Fact]) -> Pressure | None:
    """The newest whole blood pressure."""
    whole = [(f.sbp, f.dbp) for f in facts if f.kind == "vitals" and f.sbp is not None and f.dbp is not None]
    return whole[-1] if whole else None


def _newest(known: Sequence[Fact], name: str, since: datetime) -> int | None:
    values = [getattr(fact, name) for fact in known if fact.kind == "vitals" and fact.at >= since]
    read = [value for value in values if value is not None]
    return read[-1] if read else None


def _score(known: Sequence[Fact], kind: str, since: datetime) -> int | None:
    values = [fact.score for fact in known if fact.kind == kind and fact.at >= since]
    return values[-1] if values else None


def _resolved(given: Given, known: Sequence[Fact], limits: ClosingLimits) -> bool | None:
    """CADSS-6 taken after the dose and back to what it was before (0 without one), and nobody sees it any more."""
    if given.ended_at is None:
        return None
    after = [f.score for f in known if f.kind == "cadss" and f.at >= given.ended_at and f.score is not None]
    before = [f.score for f in known if f.kind == "cadss" and f.at <= given.started_at and f.score is not None]
    if not after:
        return None
    allowed = (before[-1] if before else 0) + limits.cadss_over_before
    return after[-1] <= allowed and DISSOCIATION not in live_effects(known)


def _bp40_at(given: Given, known: Sequence[Fact], limits: ClosingLimits) -> datetime | None:
    """The reading that counts as the one at 40 minutes: inside the window after the last device, else the nearest."""
    if given.ended_at is None:
        return None
    taken = [f.at for f in known if f.kind == "vitals" and f.sbp is not None and f.dbp is not None]
    later = [at for at in taken if at > given.ended_at]
    middle = given.ended_at + timedelta(minutes=sum(limits.discharge.bp40_window) / 2)
    return min(later, key=lambda at: abs(at - middle), default=None)
