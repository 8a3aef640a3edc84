"""Dose and interval checks (clinical.md 2.2). Pure.

``within_usual`` < ``below_usual`` < ``above_usual`` (a reason is needed) < ``hard_stop`` (cannot be saved, no
override). The worst level wins and all reasons are listed; of the grades of one quantity only the gravest is.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


@functools.total_ordering
class DoseLevel(Enum):
    """Outcome of a check; the graver one is the greater one."""

    WITHIN_USUAL = "within_usual"
    BELOW_USUAL = "below_usual"
    ABOVE_USUAL = "above_usual"
    HARD_STOP = "hard_stop"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, DoseLevel):
            return NotImplemented
        order = list(DoseLevel)
        return order.index(self) < order.index(other)


class Route(Enum):
    """How the medicine is given; racemic ketamine but for the nasal spray."""

    IV = "iv"
    IM = "im"
    SC = "sc"
    INTRANASAL_ESKETAMINE = "intranasal_esketamine"
    SL = "sl"
    ORAL = "oral"
    IV_PAIN = "iv_pain"


class Region(Enum):
    """Whose label applies."""

    US = "US"
    EU = "EU"


class Indication(Enum):
    """Label indication of esketamine."""

    TRD = "TRD"
    MDD_SI = "MDD_SI"


class Setting(Enum):
    """Where the dose is taken."""

    CLINIC = "clinic"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose as ordered or given. dose_mg mg, weight_kg kg, duration_min minutes, height_cm cm, age years.

    bolus_mg_per_kg is the pain bolus. None is "not recorded". A missing indication is read as TRD.
    """

    route: Route
    dose_mg: float | None
    age: float | None
    weight_kg: float | None = None
    duration_min: float | None = None
    height_cm: float | None = None
    region: Region = Region.US
    session_number: int | None = None
    indication: Indication = Indication.TRD
    setting: Setting = Setting.CLINIC
    bolus_mg_per_kg: float | None = None


@dataclass(frozen=True, slots=True)
class MgPerKg:
    """Edges in mg/kg, inclusive: under ``low`` is below usual, over ``usual`` a warning, over ``hard`` a stop."""

    low: float | None
    usual: float
    hard: float


def _usual_ranges() -> Mapping[Route, MgPerKg]:
    by_mouth = MgPerKg(None, 2.5, 7.0)
    return {
        Route.IV: MgPerKg(0.5, 1.0, 1.5),
        Route.IM: MgPerKg(0.25, 1.0, 2.0),
        Route.SC: MgPerKg(0.5, 0.9, 1.5),
        Route.SL: by_mouth,
        Route.ORAL: by_mouth,
    }


@dataclass(frozen=True, slots=True)
class DoseLimits:
    """Clinic-configurable numbers; defaults of clinical.md 2.2 [PD, anchored on labels]. mg, kg, minutes, mg/kg/h."""

    mg_per_kg: Mapping[Route, MgPerKg] = field(default_factory=_usual_ranges)
    adult_age: int = 18
    older_age: int = 65
    weight_kg: tuple[float, float] = (30.0, 250.0)
    bmi: float = 30.0
    infusion_usual_min: float = 40.0
    infusion_hard_min: float = 15.0
    oral_low_mg: float = 25.0
    oral_usual_mg: float = 300.0
    oral_hard_mg: float = 600.0
    oral_home_hard_mg: float = 300.0
    pain_rate_usual: float = 0.5
    pain_rate_hard: float = 1.0
    pain_bolus_usual: float = 0.35
    pain_bolus_hard: float = 0.5
    device_doses_mg: tuple[float, ...] = (28.0, 56.0, 84.0)
    starting_dose_mg: float = 56.0
    older_starting_dose_mg: float = 28.0


@dataclass(frozen=True, slots=True)
class DoseCheck:
    """Worst level, all reason codes, and the unrounded mg/kg where a weight was given."""

    level: DoseLevel
    reasons: tuple[str, ...]
    mg_per_kg: float | None = None


DEFAULT_LIMITS = DoseLimits()
TOLERANCE = 1e-9
Reason = tuple[str, DoseLevel]

_WEIGHT_BASED = frozenset(Route) - {Route.INTRANASAL_ESKETAMINE}
_BY_BODY_SIZE = frozenset({Route.IV, Route.IM, Route.SC})


def dose_check(dose: Dose, *, limits: DoseLimits = DEFAULT_LIMITS) -> DoseCheck:
    """Judge one dose. Values that are no finite numbers count as missing."""
    reasons = [*_person_reasons(dose, limits), *_dose_reasons(dose, limits)]
    level = max((level for _code, level in reasons), default=DoseLevel.WITHIN_USUAL)
    return DoseCheck(level, tuple(code for code, _level in reasons), mg_per_kg(dose))


def mg_per_kg(dose: Dose) -> float | None:
    """Unrounded dose per weight; None without a dose or a positive weight."""
    amount, weight = _number(dose.dose_mg), _number(dose.weight_kg)
    if amount is None or weight is None or weight <= 0:
        return None
    return _number(amount / weight)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _over(value: float, limit: float) -> bool:
    return value > limit + TOLERANCE


def _under(value: float, limit: float) -> bool:
    return value < limit - TOLERANCE


def _person_reasons(dose: Dose, limits: DoseLimits) -> Iterator[Reason]:
    age = _number(dose.age)
    if age is None:
        yield "age_not_recorded", DoseLevel.WITHIN_USUAL
    elif age < limits.adult_age:
        yield "age_under_18", DoseLevel.HARD_STOP
    if dose.route in _WEIGHT_BASED and not _plausible_weight(dose, limits):
        yield "weight_missing_or_implausible", DoseLevel.HARD_STOP
    if dose.route in _BY_BODY_SIZE and _is_heavy(dose, limits):
        yield "bmi_30_consider_ideal_weight", DoseLevel.WITHIN_USUAL


def _plausible_weight(dose: Dose, limits: DoseLimits) -> bool:
    weight = _number(dose.weight_kg)
    return weight is not None and limits.weight_kg[0] <= weight <= limits.weight_kg[1]


def _is_heavy(dose: Dose, limits: DoseLimits) -> bool:
    weight, height = _number(dose.weight_kg), _number(dose.height_cm)
    if weight is None or height is None or height <= 0:
        return False
    metres = height / 100
    return not _under(weight, limits.bmi * metres * metres)


def _dose_reasons(dose: Dose, limits: DoseLimits) -> Iterator[Reason]:
    amount = _number(dose.dose_mg)
    given = amount is not None and amount > 0
    if not given:
        yield "invalid_dose", DoseLevel.HARD_STOP
    if dose.route is Route.IV:
        yield from _infusion_time_reasons(dose, limits)
    if amount is not None and given:
        yield from _AMOUNT_CHECKS[dose.route](dose, amount, limits)


def _infusion_time_reasons(dose: Dose, limits: DoseLimits) -> Iterator[Reason]:
    minutes = _number(dose.duration_min)
    if minutes is None or minutes < limits.infusion_hard_min:
        yield "infusion_too_fast", DoseLevel.HARD_STOP
    elif minutes < limits.infusion_usual_min:
        yield "infusion_faster_than_40min", DoseLevel.ABOVE_USUAL


def _per_weight_reasons(dose: Dose, _amount: float, limits: DoseLimits) -> Iterator[Reason]:
    ratio = mg_per_kg(dose)
    if ratio is None:
        return
    edges = limits.mg_per_kg[dose.route]
    yield from _graded("mg_per_kg", ratio, edges.usual, edges.hard)
    if edges.low is not None and _under(ratio, edges.low):
        yield "mg_per_kg_under_usual", DoseLevel.BELOW_USUAL


def _graded(name: str, value: float, usual: float, hard: float) -> Iterator[Reason]:
    if _over(value, hard):
        yield f"{name}_over_hard", DoseLevel.HARD_STOP
    elif _over(value, usual):
        yield f"{name}_over_usual", DoseLevel.ABOVE_USUAL


def _by_mouth_reasons(dose: Dose, amount: float, limits: DoseLimits) -> Iterator[Reason]:
    yield from _per_weight_reasons(dose, amount, limits)
    at_home = dose.setting is Setting.HOME
    hard = min(limits.oral_hard_mg, limits.oral_home_hard_mg) if at_home else limits.oral_hard_mg
    yield from _graded("dose", amount, limits.oral_usual_mg, hard)
    if _under(amount, limits.oral_low_mg):
        yield "under_25mg", DoseLevel.BELOW_USUAL
    if at_home:
        yield "home_use_fda_2023_warning", DoseLevel.WITHIN_USUAL


def _pain_reasons(dose: Dose, _amount: float, limits: DoseLimits) -> Iterator[Reason]:
    minutes, ratio = _number(dose.duration_min), mg_per_kg(dose)
    if minutes is None or minutes <= 0:
        yield "duration_missing", DoseLevel.HARD_STOP
    elif ratio is not None:
        yield from _graded("rate", ratio * 60 / minutes, limits.pain_rate_usual, limits.pain_rate_hard)
    if dose.bolus_mg_per_kg is None:
        return
    bolus = _number(dose.bolus_mg_per_kg)
    if bolus is None or bolus < 0:
        yield "invalid_bolus", DoseLevel.HARD_STOP
    else:
        yield from _graded("bolus", bolus, limits.pain_bolus_usual, limits.pain_bolus_hard)


def _nasal_reasons(dose: Dose, amount: float, limits: DoseLimits) -> Iterator[Reason]:
    lowest = min(limits.device_doses_mg)
    if not any(abs(amount - label) <= TOLERANCE for label in limits.device_doses_mg):
        yield "not_a_label_dose", DoseLevel.HARD_STOP
        return
    older = _is_older_under_eu_label(dose, limits)
    if abs(amount - lowest) <= TOLERANCE and not older:
        yield "28mg_off_label_needs_reason", DoseLevel.ABOVE_USUAL
    start = limits.older_starting_dose_mg if older else limits.starting_dose_mg
    if dose.session_number == 1 and dose.indication is Indication.TRD and _over(amount, start):
        yield "above_label_starting_dose", DoseLevel.ABOVE_USUAL


def _is_older_under_eu_label(dose: Dose, limits: DoseLimits) -> bool:
    age = _number(dose.age)
    return dose.region is Region.EU and age is not None and age >= limits.older_age


_AMOUNT_CHECKS: Mapping[Route, Callable[[Dose, float, DoseLimits], Iterator[Reason]]] = {
    Route.IV: _per_weight_reasons,
    Route.IM: _per_weight_reasons,
    Route.SC: _per_weight_reasons,
    Route.SL: _by_mouth_reasons,
    Route.ORAL: _by_mouth_reasons,
    Route.IV_PAIN: _pain_reasons,
    Route.INTRANASAL_ESKETAMINE: _nasal_reasons,
}


@dataclass(frozen=True, slots=True)
class IntervalLimits:
    """Label intervals of esketamine: at most two sessions in any 7 days, weekly from day 29."""

    window_days: int = 7
    most_in_window: int = 2
    weekly_from_day: int = 29


@dataclass(frozen=True, slots=True)
class IntervalCheck:
    """Worst level and all reasons: second_session_same_day, over_two_in_7_days, weekly_from_week_5."""

    level: DoseLevel
    reasons: tuple[str, ...]


DEFAULT_INTERVALS = IntervalLimits()


def interval_check(
    proposed_day: int, other_days: Sequence[int], *, limits: IntervalLimits = DEFAULT_INTERVALS
) -> IntervalCheck:
    """May an esketamine session be on that day? Day 1 is the first dose.

    ``other_days`` are the sessions given or booked, also later ones (a session may be moved in between).
    """
    if proposed_day < 1:
        raise ValueError("day 1 is the day of the first dose")
    near = [day for day in other_days if abs(proposed_day - day) < limits.window_days]
    reasons: list[Reason] = []
    if proposed_day in other_days:
        reasons.append(("second_session_same_day", DoseLevel.HARD_STOP))
    if _busiest_window(proposed_day, near, limits.window_days) > limits.most_in_window:
        reasons.append(("over_two_in_7_days", DoseLevel.HARD_STOP))
    if any(max(proposed_day, day) >= limits.weekly_from_day for day in near):
        reasons.append(("weekly_from_week_5", DoseLevel.ABOVE_USUAL))
    level = max((level for _code, level in reasons), default=DoseLevel.WITHIN_USUAL)
    return IntervalCheck(level, tuple(code for code, _level in reasons))


def _busiest_window(proposed_day: int, near: Sequence[int], window: int) -> int:
    days = [*near, proposed_day]
    starts = range(proposed_day - window + 1, proposed_day + 1)
    return max(sum(start <= day < start + window for day in days) for start in starts)
