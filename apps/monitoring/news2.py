"""NEWS2 (Royal College of Physicians 2017). Pure.

Reproduced from: Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017.
Adults of 16 years and over, not pregnant. New confusion (C) scores 3 and is never suppressed, although expected
dissociation can look like it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.monitoring.vital_signs import ValueRefused, check_vital

#: (inclusive upper edge, points), from low to high; the last band has no edge.
Bands = Sequence[tuple[Decimal | int | None, int]]

RESPIRATION: Bands = ((8, 3), (11, 1), (20, 0), (24, 2), (None, 3))
SPO2_SCALE_1: Bands = ((91, 3), (93, 2), (95, 1), (None, 0))
SPO2_SCALE_2_LOW: Bands = ((83, 3), (85, 2), (87, 1), (None, 0))
SPO2_SCALE_2_ON_OXYGEN: Bands = ((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (None, 3))
SYSTOLIC: Bands = ((90, 3), (100, 2), (110, 1), (219, 0), (None, 3))
PULSE: Bands = ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (None, 3))
TEMPERATURE: Bands = (
    (Decimal("35.0"), 3),
    (Decimal("36.0"), 1),
    (Decimal("38.0"), 0),
    (Decimal("39.0"), 1),
    (None, 2),
)
OXYGEN_POINTS = 2
NOT_ALERT_POINTS = 3
#: From here every value of scale 2 depends on air or oxygen.
SCALE_2_OXYGEN_MATTERS = 93
TEMPERATURE_PLAUSIBLE = (Decimal("20.0"), Decimal("45.0"))


@dataclass(frozen=True, slots=True)
class News2Input:
    """rr and hr /min, spo2 %, sbp mm[Hg] (integers); temp in Cel to 0.1; acvpu one of A C V P U.

    spo2_scale is 2 only where a clinician has prescribed a target of 88-92 %. None is "not read".
    """

    rr: int | None = None
    spo2: int | None = None
    on_oxygen: bool | None = None
    sbp: int | None = None
    hr: int | None = None
    acvpu: str | None = None
    temp: float | int | Decimal | None = None
    spo2_scale: int = 1


@dataclass(frozen=True, slots=True)
class News2:
    """total 0-20, None when any parameter is missing; sub-scores by parameter.

    any_single_3 is True as soon as one is seen, None when that cannot be told yet.
    risk: low, low_medium, medium, high.
    """

    total: int | None
    sub: Mapping[str, int | None]
    any_single_3: bool | None
    risk: str | None


def news2(given: News2Input) -> News2:
    """Score one full set of observations. Raises ValueRefused for an impossible reading."""
    sub = {
        "rr": _points(_integer("rr", given.rr), RESPIRATION),
        "spo2": _oxygen_saturation(given),
        "oxygen": _oxygen(given.on_oxygen),
        "sbp": _points(_integer("sbp", given.sbp), SYSTOLIC),
        "hr": _points(_integer("hr", given.hr), PULSE),
        "consciousness": _consciousness(given.acvpu),
        "temp": _points(_temperature(given.temp), TEMPERATURE),
    }
    known = [points for points in sub.values() if points is not None]
    complete = len(known) == len(sub)
    single = (3 in known) or (False if complete else None)
    total = sum(known) if complete else None
    return News2(total, sub, single, _risk(total, bool(single)))


def _risk(total: int | None, single_3: bool) -> str | None:
    if total is None:
        return None
    if total >= 7:
        return "high"
    if total >= 5:
        return "medium"
    return "low_medium" if single_3 else "low"


def _integer(name: str, value: int | None) -> int | None:
    return None if value is None else check_vital(name, value)


def _points(value: Decimal | int | None, bands: Bands) -> int | None:
    if value is None:
        return None
    return next(points for edge, points in bands if edge is None or value <= edge)


def _oxygen_saturation(given: News2Input) -> int | None:
    spo2 = _integer("spo2", given.spo2)
    if given.spo2_scale not in (1, 2) or isinstance(given.spo2_scale, bool):
        raise ValueRefused("value_out_of_range", "spo2_scale: 1 or 2 is needed")
    if given.spo2_scale == 1 or spo2 is None:
        return _points(spo2, SPO2_SCALE_1)
    if given.on_oxygen is None and spo2 >= SCALE_2_OXYGEN_MATTERS:
        return None
    return _points(spo2, SPO2_SCALE_2_ON_OXYGEN if given.on_oxygen else SPO2_SCALE_2_LOW)


def _oxygen(on_oxygen: bool | None) -> int | None:
    if on_oxygen is None:
        return None
    if not isinstance(on_oxygen, bool):
        raise ValueRefused("value_out_of_range", "on_oxygen: true or false is needed")
    return OXYGEN_POINTS if on_oxygen else 0


def _consciousness(acvpu: str | None) -> int | None:
    if acvpu is None:
        return None
    if acvpu not in ("A", "C", "V", "P", "U"):
        raise ValueRefused("value_out_of_range", "acvpu: one of A, C, V, P, U is needed")
    return 0 if acvpu == "A" else NOT_ALERT_POINTS


def _temperature(temp: float | int | Decimal | None) -> Decimal | None:
    if temp is None:
        return None
    if isinstance(temp, bool) or not isinstance(temp, int | float | Decimal):
        raise ValueRefused("not_a_number", "temp: a number is needed")
    exact = Decimal(str(temp))
    low, high = TEMPERATURE_PLAUSIBLE
    if not exact.is_finite() or not low <= exact <= high:
        raise ValueRefused("value_out_of_range", f"temp: {temp} is outside {low} to {high} Cel")
    if exact != round(exact, 1):
        raise ValueRefused("value_out_of_range", "temp: at most one decimal")
    return exact
