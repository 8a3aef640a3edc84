"""May the person leave? Close-out checks (clinical.md 2.6). Pure.

Every blocker is listed. What is missing blocks: a person leaves on what was seen, not on what was not written down.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

#: (systolic, diastolic) in mm[Hg].
Pressure = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DischargeLimits:
    """Clinic-configurable numbers; defaults of clinical.md 2.6. Minutes, mm[Hg], %."""

    minutes_after_last_device: int = 120
    minutes_after_infusion: int = 60
    bp40_window: tuple[int, int] = (30, 50)
    sbp_settled_below: int = 160
    dbp_settled_below: int = 100
    sbp_over_pre: int = 20
    dbp_over_pre: int = 10
    awake: int = 5
    spo2_at_least: int = 94
    ready_score: int = 9


@dataclass(frozen=True, slots=True)
class Condition:
    """How the person is at the end. moaas 0-5, spo2 %, bp in mm[Hg]; None is "not recorded"."""

    bp_pre: Pressure | None = None
    bp_end: Pressure | None = None
    moaas: int | None = None
    dissociation_resolved: bool | None = None
    spo2: int | None = None
    escort: bool | None = None


@dataclass(frozen=True, slots=True)
class NasalTimes:
    """Moments of an esketamine session; ``bp40_at`` is the reading about 40 minutes after the last device."""

    first_device: datetime | None = None
    last_device: datetime | None = None
    bp40_at: datetime | None = None
    discharge: datetime | None = None


@dataclass(frozen=True, slots=True)
class CloseOut:
    """Blockers in the order of clinical.md 2.6; minutes are whole, begun minutes don't count.

    form_total_minutes: from the first device, as the REMS form asks.
    """

    blockers: tuple[str, ...]
    form_total_minutes: int | None = None
    minutes_since_last_device: int | None = None

    @property
    def can_discharge(self) -> bool:
        """True: a clinician may let the person go."""
        return not self.blockers

    @property
    def overridable(self) -> bool:
        """Two people with a reason may override; with one of NO_OVERRIDE it is leaving against advice."""
        return not NO_OVERRIDE.intersection(self.blockers)


#: Of an esketamine session.
NO_OVERRIDE = frozenset({"under_2h_since_last_device", "sedated", "dissociation", "spo2"})
DEFAULT_LIMITS = DischargeLimits()


def nasal_close_out(times: NasalTimes, condition: Condition, *, limits: DischargeLimits = DEFAULT_LIMITS) -> CloseOut:
    """Esketamine: two hours after the last device, stricter than the form, which counts from the first."""
    waited = _minutes(times.last_device, times.discharge)
    return CloseOut(
        blockers=(
            *_waiting_blockers("under_2h_since_last_device", waited, limits.minutes_after_last_device),
            *_bp40_blockers(times, limits),
            *_pressure_blockers(condition, limits),
            *_state_blockers(condition, limits),
        ),
        form_total_minutes=_whole(_minutes(times.first_device, times.discharge)),
        minutes_since_last_device=_whole(waited),
    )


def parenteral_close_out(
    ended_at: datetime | None,
    leaving_at: datetime | None,
    condition: Condition,
    *,
    aldrete: int | None = None,
    padss: int | None = None,
    limits: DischargeLimits = DEFAULT_LIMITS,
) -> CloseOut:
    """IV, IM, SC: Aldrete or PADSS at 9 or more, the same rules for BP, SpO2 and MOAA/S, 60 minutes after the end."""
    ready = any(total is not None and total >= limits.ready_score for total in (aldrete, padss))
    waited = _minutes(ended_at, leaving_at)
    return CloseOut(
        blockers=(
            *_waiting_blockers("under_60min_since_end", waited, limits.minutes_after_infusion),
            *(() if ready else ("recovery_score_under_9",)),
            *_pressure_blockers(condition, limits),
            *_state_blockers(condition, limits),
        )
    )


def _minutes(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds() / 60


def _whole(minutes: float | None) -> int | None:
    return None if minutes is None else math.floor(minutes)


def _waiting_blockers(code: str, waited: float | None, needed: int) -> Iterator[str]:
    if waited is None or waited < needed:
        yield code


def _bp40_blockers(times: NasalTimes, limits: DischargeLimits) -> Iterator[str]:
    after = _minutes(times.last_device, times.bp40_at)
    if after is None or not limits.bp40_window[0] <= after <= limits.bp40_window[1]:
        yield "no_bp_at_40min"


def _pressure_blockers(condition: Condition, limits: DischargeLimits) -> Iterator[str]:
    if condition.bp_end is None:
        yield "no_bp_at_end"
    elif not _is_settled(condition.bp_pre, condition.bp_end, limits):
        yield "bp_not_settled"


def _is_settled(before: Pressure | None, end: Pressure, limits: DischargeLimits) -> bool:
    if end[0] >= limits.sbp_settled_below or end[1] >= limits.dbp_settled_below:
        return False
    if before is None:  # nothing to compare with: cannot be called settled
        return False
    return end[0] <= before[0] + limits.sbp_over_pre and end[1] <= before[1] + limits.dbp_over_pre


def _state_blockers(condition: Condition, limits: DischargeLimits) -> Iterator[str]:
    if condition.moaas != limits.awake:
        yield "sedated"
    if condition.dissociation_resolved is not True:
        yield "dissociation"
    if condition.spo2 is None or condition.spo2 < limits.spo2_at_least:
        yield "spo2"
    if condition.escort is not True:
        yield "no_escort"
