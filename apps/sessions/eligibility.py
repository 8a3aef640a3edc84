"""May a session go ahead today? (clinical.md 2.4, coding of label, SmPC and ASRA texts.) Pure.

The worst status wins and all reasons are listed, in the order of the table. ``contraindicated`` has no override;
``hold`` and ``not_recommended`` can be overridden by a prescriber with a reason.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


@functools.total_ordering
class Status(Enum):
    """Outcome; the graver one is the greater one."""

    ELIGIBLE = "eligible"
    CAUTION = "caution"
    HOLD = "hold"
    NOT_RECOMMENDED = "not_recommended"
    CONTRAINDICATED = "contraindicated"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Status):
            return NotImplemented
        order = list(Status)
        return order.index(self) < order.index(other)


class Drug(Enum):
    """What is to be given."""

    ESKETAMINE = "esketamine"
    KETAMINE_IV = "ketamine_iv"


_TABLE: Mapping[Status, tuple[str, ...]] = {
    Status.CONTRAINDICATED: (
        "aneurysmal_vascular_disease",
        "arteriovenous_malformation",
        "intracerebral_haemorrhage_history",
        "hypersensitivity_ketamine_esketamine",
        "mi_or_stroke_within_6_weeks",
        "age_under_18",
        "setting_not_rems_certified",
        "patient_not_rems_enrolled",
        "home_administration",
    ),
    Status.NOT_RECOMMENDED: (
        "pregnant",
        "breastfeeding",
        "active_psychosis",
        "active_substance_use_disorder",
        "uncontrolled_hypertension",
        "unstable_cardiac_disease",
        "severe_hepatic_impairment",
        "bp_180_110",
    ),
    Status.HOLD: (
        "bp_over_140_90",
        "no_escort",
        "intoxicated",
        "spo2_under_94",
        "cssrs_high_needs_clinician",
        "possible_mania",
        "age_not_recorded",
        "sbp_not_recorded",
        "dbp_not_recorded",
        "spo2_not_recorded",
        "escort_arranged_not_recorded",
        "setting_certified_not_recorded",
        "rems_enrolled_not_recorded",
    ),
    Status.CAUTION: (
        "moderate_hepatic_impairment",
        "psychosis_history",
        "substance_use_disorder_history",
        "bladder_symptoms",
        "maoi",
        "psychostimulant",
        "benzodiazepine",
        "opioid",
        "other_cns_depressant",
        "bipolar",
        "raised_intracranial_pressure_risk",
        "food_within_2h",
        "liquid_within_30min",
        "nasal_spray_within_1h",
    ),
}
#: Every reason code, gravest status first, in the order of clinical.md 2.4.
REASONS: Mapping[str, Status] = MappingProxyType({code: status for status, codes in _TABLE.items() for code in codes})
ESKETAMINE_ONLY = frozenset(
    {
        "setting_not_rems_certified",
        "patient_not_rems_enrolled",
        "home_administration",
        "setting_certified_not_recorded",
        "rems_enrolled_not_recorded",
        "food_within_2h",
        "liquid_within_30min",
        "nasal_spray_within_1h",
    }
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known on the day. None is "not recorded".

    age years; sbp and dbp mm[Hg]; spo2 %; food_within_hours, liquid_within_min, nasal_spray_within_min: time since.
    setting_type: outpatient or inpatient (a missing one is read as outpatient, which asks for more).
    child_pugh: A, B or C. cssrs_risk: none, low, moderate, high. asrm_total: 0-20.
    findings: reason codes that a clinician has ticked, such as "pregnant" or "maoi".
    """

    drug: Drug
    age: float | None = None
    sbp: float | None = None
    dbp: float | None = None
    spo2: float | None = None
    setting_certified: bool | None = None
    setting_type: str | None = None
    rems_enrolled: bool | None = None
    escort_arranged: bool | None = None
    child_pugh: str | None = None
    food_within_hours: float | None = None
    liquid_within_min: float | None = None
    nasal_spray_within_min: float | None = None
    cssrs_risk: str | None = None
    asrm_total: int | None = None
    findings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EligibilityLimits:
    """Clinic-configurable numbers; defaults of clinical.md 2.4. rems_applies is False outside the US programme."""

    adult_age: int = 18
    sbp_hold_over: int = 140
    dbp_hold_over: int = 90
    sbp_not_recommended: int = 180
    dbp_not_recommended: int = 110
    spo2_at_least: int = 94
    asrm_mania: int = 6
    food_hours: float = 2
    liquid_minutes: float = 30
    nasal_spray_minutes: float = 60
    rems_applies: bool = True


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Worst status and all reason codes."""

    status: Status
    reasons: tuple[str, ...]


DEFAULT_LIMITS = EligibilityLimits()

_RANGES: Mapping[str, tuple[float, float]] = {
    "age": (0, 130),
    "sbp": (20, 350),
    "dbp": (10, 250),
    "spo2": (0, 100),
    "food_within_hours": (0, math.inf),
    "liquid_within_min": (0, math.inf),
    "nasal_spray_within_min": (0, math.inf),
    "asrm_total": (0, 20),
}
_WORDS: Mapping[str, frozenset[str]] = {
    "setting_type": frozenset({"outpatient", "inpatient"}),
    "child_pugh": frozenset({"A", "B", "C"}),
    "cssrs_risk": frozenset({"none", "low", "moderate", "high"}),
}
_FLAGS = ("setting_certified", "rems_enrolled", "escort_arranged")


def eligibility(candidate: Candidate, *, limits: EligibilityLimits = DEFAULT_LIMITS) -> Eligibility:
    """Judge one person for one session. Raises ValueError for an impossible value or an unknown reason code."""
    _check(candidate)
    found = {
        *candidate.findings,
        *_person_codes(candidate, limits),
        *_vital_codes(candidate, limits),
        *_screen_codes(candidate, limits),
        *_programme_codes(candidate, limits),
        *_fasting_codes(candidate, limits),
    }
    if candidate.drug is not Drug.ESKETAMINE:
        found -= ESKETAMINE_ONLY
    reasons = tuple(code for code in REASONS if code in found)
    return Eligibility(max((REASONS[code] for code in reasons), default=Status.ELIGIBLE), reasons)


def _check(candidate: Candidate) -> None:
    for name, (low, high) in _RANGES.items():
        value = getattr(candidate, name)
        if value is not None and not _is_number_between(value, low, high):
            raise ValueError(f"{name}: {value!r} is not a number from {low} to {high}")
    for name, words in _WORDS.items():
        value = getattr(candidate, name)
        if value is not None and not (isinstance(value, str) and value in words):
            raise ValueError(f"{name}: one of {', '.join(sorted(words))} is needed")
    for name in _FLAGS:
        if not isinstance(getattr(candidate, name), bool | None):
            raise ValueError(f"{name}: true or false is needed")
    if unknown := candidate.findings - REASONS.keys():
        raise ValueError(f"unknown reason codes: {', '.join(sorted(unknown))}")


def _is_number_between(value: object, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return low <= value <= high and value != math.inf


def _person_codes(candidate: Candidate, limits: EligibilityLimits) -> Iterator[str]:
    if candidate.age is None:
        yield "age_not_recorded"
    elif candidate.age < limits.adult_age:
        yield "age_under_18"
    if candidate.escort_arranged is None:
        yield "escort_arranged_not_recorded"
    elif not candidate.escort_arranged:
        yield "no_escort"


def _vital_codes(candidate: Candidate, limits: EligibilityLimits) -> Iterator[str]:
    sbp, dbp, spo2 = candidate.sbp, candidate.dbp, candidate.spo2
    yield from (f"{name}_not_recorded" for name in ("sbp", "dbp", "spo2") if getattr(candidate, name) is None)
    systolic = -math.inf if sbp is None else sbp
    diastolic = -math.inf if dbp is None else dbp
    if systolic >= limits.sbp_not_recommended or diastolic >= limits.dbp_not_recommended:
        yield "bp_180_110"
    elif systolic > limits.sbp_hold_over or diastolic > limits.dbp_hold_over:
        yield "bp_over_140_90"
    if spo2 is not None and spo2 < limits.spo2_at_least:
        yield "spo2_under_94"


def _screen_codes(candidate: Candidate, limits: EligibilityLimits) -> Iterator[str]:
    if candidate.child_pugh == "C":
        yield "severe_hepatic_impairment"
    elif candidate.child_pugh == "B":
        yield "moderate_hepatic_impairment"
    if candidate.cssrs_risk == "high":
        yield "cssrs_high_needs_clinician"
    if candidate.asrm_total is not None and candidate.asrm_total >= limits.asrm_mania:
        yield "possible_mania"


def _programme_codes(candidate: Candidate, limits: EligibilityLimits) -> Iterator[str]:
    if not limits.rems_applies:
        return
    if candidate.setting_certified is None:
        yield "setting_certified_not_recorded"
    elif not candidate.setting_certified:
        yield "setting_not_rems_certified"
    if candidate.setting_type == "inpatient":
        return
    if candidate.rems_enrolled is None:
        yield "rems_enrolled_not_recorded"
    elif not candidate.rems_enrolled:
        yield "patient_not_rems_enrolled"


def _fasting_codes(candidate: Candidate, limits: EligibilityLimits) -> Iterator[str]:
    if _is_under(candidate.food_within_hours, limits.food_hours):
        yield "food_within_2h"
    if _is_under(candidate.liquid_within_min, limits.liquid_minutes):
        yield "liquid_within_30min"
    if _is_under(candidate.nasal_spray_within_min, limits.nasal_spray_minutes):
        yield "nasal_spray_within_1h"


def _is_under(value: float | None, limit: float) -> bool:
    return value is not None and value < limit
