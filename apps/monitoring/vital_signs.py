"""Vital signs of a dosing session: plausible values and alert bands (clinical.md 3.1). Pure.

The bands alert a clinician; treatment is never automated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from apps.alerts.levels import Level, worst


class ValueRefused(ValueError):
    """A reading that cannot be a reading; ``code`` is not_an_integer, not_a_number or value_out_of_range."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


#: What can be read on a living adult (refused outside). Units: mm[Hg], /min, %.
PLAUSIBLE: Mapping[str, tuple[int, int]] = {
    "sbp": (20, 350),
    "dbp": (10, 250),
    "hr": (0, 350),
    "spo2": (0, 100),
    "rr": (0, 100),
}


@dataclass(frozen=True, slots=True)
class Vitals:
    """One set of readings; None is "not read". BP in mm[Hg], hr and rr per minute, spo2 in %; integers.

    base_sbp and base_dbp are the readings before the dose.
    """

    sbp: int | None = None
    dbp: int | None = None
    base_sbp: int | None = None
    base_dbp: int | None = None
    hr: int | None = None
    spo2: int | None = None
    rr: int | None = None


_NAMES = tuple(field.name for field in fields(Vitals))


@dataclass(frozen=True, slots=True)
class VitalLimits:
    """Clinic-configurable cut points, inclusive; defaults of clinical.md 3.1."""

    sbp_high: int = 160
    dbp_high: int = 100
    sbp_severe: int = 180
    dbp_severe: int = 110
    sbp_rise: int = 40
    dbp_rise: int = 25
    sbp_low: int = 90
    hr_abnormal: tuple[int, int] = (50, 111)
    hr_critical: tuple[int, int] = (40, 131)
    spo2_low: int = 93
    spo2_critical: int = 91
    rr_abnormal: tuple[int, int] = (11, 21)
    rr_critical: tuple[int, int] = (8, 25)


@dataclass(frozen=True, slots=True)
class VitalFinding:
    """Worst level, every reason, and the readings that were refused (field to code) and so not judged."""

    alert: Level | None
    reasons: tuple[str, ...]
    refused: Mapping[str, str]


DEFAULT_LIMITS = VitalLimits()

_LEVELS: Mapping[str, Level] = {
    "bp_severe": Level.P1,
    "bp_high": Level.P2,
    "bp_rise": Level.P2,
    "bp_low": Level.P1,
    "hr_critical": Level.P1,
    "hr_abnormal": Level.P2,
    "spo2_critical": Level.P1,
    "spo2_low": Level.P2,
    "rr_critical": Level.P1,
    "rr_abnormal": Level.P2,
}


def level_of_reason(reason: str) -> Level:
    """How urgent a reason of a finding is."""
    return _LEVELS[reason]


def check_vital(name: str, value: object) -> int:
    """The value of sbp, dbp, base_sbp, base_dbp, hr, spo2 or rr, or ValueRefused. Never clamps or rounds."""
    low, high = PLAUSIBLE[name.removeprefix("base_")]
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueRefused("not_an_integer", f"{name}: an integer is needed")
    if not low <= value <= high:
        raise ValueRefused("value_out_of_range", f"{name}: {value} is outside {low} to {high}")
    return value


def session_alert(vitals: Vitals, *, limits: VitalLimits = DEFAULT_LIMITS) -> VitalFinding:
    """Judge one set of readings. Worst level wins and all reasons are listed; ``bp_severe`` replaces ``bp_high``."""
    refused = dict(_refusals(vitals))
    known = replace(vitals, **dict.fromkeys(refused)) if refused else vitals
    reasons = (
        *_pressure_reasons(known, limits),
        *_two_sided("hr", known.hr, limits.hr_abnormal, limits.hr_critical),
        *_oxygen_reasons(known.spo2, limits),
        *_two_sided("rr", known.rr, limits.rr_abnormal, limits.rr_critical),
    )
    return VitalFinding(worst(_LEVELS[reason] for reason in reasons), reasons, refused)


def _refusals(vitals: Vitals) -> Iterator[tuple[str, str]]:
    for name in _NAMES:
        value = getattr(vitals, name)
        if value is None:
            continue
        try:
            check_vital(name, value)
        except ValueRefused as refusal:
            yield name, refusal.code


def _pressure_reasons(vitals: Vitals, limits: VitalLimits) -> Iterator[str]:
    if _reaches(vitals.sbp, limits.sbp_severe) or _reaches(vitals.dbp, limits.dbp_severe):
        yield "bp_severe"
    elif _reaches(vitals.sbp, limits.sbp_high) or _reaches(vitals.dbp, limits.dbp_high):
        yield "bp_high"
    if _rises(vitals.base_sbp, vitals.sbp, limits.sbp_rise) or _rises(vitals.base_dbp, vitals.dbp, limits.dbp_rise):
        yield "bp_rise"
    if vitals.sbp is not None and vitals.sbp <= limits.sbp_low:
        yield "bp_low"


def _two_sided(name: str, value: int | None, abnormal: tuple[int, int], critical: tuple[int, int]) -> Iterator[str]:
    if value is None:
        return
    if value <= critical[0] or value >= critical[1]:
        yield f"{name}_critical"
    elif value <= abnormal[0] or value >= abnormal[1]:
        yield f"{name}_abnormal"


def _oxygen_reasons(spo2: int | None, limits: VitalLimits) -> Iterator[str]:
    if spo2 is None:
        return
    if spo2 <= limits.spo2_critical:
        yield "spo2_critical"
    elif spo2 <= limits.spo2_low:
        yield "spo2_low"


def _reaches(value: int | None, limit: int) -> bool:
    return value is not None and value >= limit


def _rises(before: int | None, now: int | None, limit: int) -> bool:
    return before is not None and now is not None and now - before >= limit
