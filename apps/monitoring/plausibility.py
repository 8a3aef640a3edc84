"""Can this be a reading of a living adult, in that unit, at that time? Refuse, never clamp. Pure.

A unit that is named is converted (kPa, degrees F, pounds: `units`); one that was swapped without saying so falls outside
the range and is refused. Codes are LOINC with UCUM units; ranges are product defaults, wider than any alert band, and leave out what
sensors send when they are off (a saturation of 0, a heart rate of 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from apps.monitoring.instruments.check_in import PROBLEM_KINDS
from apps.monitoring.observations.units import CONVERSIONS

FUTURE = timedelta(minutes=5)  # how far a device's clock may run ahead
OLDEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Measurable:
    """What can be recorded under a code. name: short, for people; places: decimals that are meaningful."""

    name: str
    unit: str
    low: Decimal
    high: Decimal
    places: int = 0


def _m(name: str, unit: str, low: int, high: int, places: int = 0) -> Measurable:
    return Measurable(name, unit, Decimal(low), Decimal(high), places)


#: Problems that people report, in the order of the check-in's list (1 to 12); the value is the severity.
PROBLEM_CODE = "problem-{}"
_PROBLEMS = {PROBLEM_CODE.format(option.value): _m(option.label or "", "{score}", 1, 3) for option in PROBLEM_KINDS}

MEASURABLE: Mapping[str, Measurable] = MappingProxyType(
    {
        "8480-6": _m("systolic blood pressure", "mm[Hg]", 20, 350),
        "8462-4": _m("diastolic blood pressure", "mm[Hg]", 10, 250),
        "8867-4": _m("heart rate", "/min", 15, 350),
        "9279-1": _m("breaths", "/min", 1, 100),
        "59408-5": _m("oxygen saturation", "%", 30, 100),
        "2708-6": _m("oxygen saturation", "%", 30, 100),
        "8310-5": _m("temperature", "Cel", 25, 45, 1),
        "29463-7": _m("weight", "kg", 20, 400, 1),
        "8302-2": _m("height", "cm", 50, 260, 1),
        "39156-5": _m("body mass index", "kg/m2", 8, 120, 1),
        "3151-8": _m("oxygen flow", "L/min", 0, 60, 1),
        "3150-6": _m("inhaled oxygen", "%", 21, 100),
        "1742-6": _m("ALT", "U/L", 0, 20000, 1),
        "1920-8": _m("AST", "U/L", 0, 20000, 1),
        "6768-6": _m("alkaline phosphatase", "U/L", 0, 10000, 1),
        "2324-2": _m("GGT", "U/L", 0, 10000, 1),
        "1975-2": _m("total bilirubin", "mg/dL", 0, 80, 2),
        "2160-0": _m("creatinine", "mg/dL", 0, 40, 2),
        "mood": _m("mood", "{score}", 0, 100),
        "medicine-effect": _m("medicine effect", "{score}", 0, 3),
        "sleep": _m("sleep", "{score}", 0, 3),
        **_PROBLEMS,
    }
)


class ReadingRefused(ValueError):
    """A reading that cannot be one. Codes: unknown_code, wrong_unit, not_a_number, value_out_of_range, too_exact,
    in_the_future, too_old."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def check_reading(code: str, value: object, unit: str, effective_at: datetime, now: datetime) -> Decimal:
    """The value in the unit that its code is recorded in, or ReadingRefused."""
    known = MEASURABLE.get(code)
    if known is None:
        raise ReadingRefused("unknown_code", f"{code!r} is not a code that is recorded here")
    number = _number(value)
    if unit != known.unit:
        number = _converted(known, number, unit)
    if not known.low <= number <= known.high:
        raise ReadingRefused("value_out_of_range", f"{known.name}: {number} is outside {known.low} to {known.high}")
    if number != round(number, known.places):
        raise ReadingRefused("too_exact", f"{known.name}: at most {known.places} decimals")
    _check_time(effective_at, now)
    return number


def _converted(known: Measurable, number: Decimal, unit: str) -> Decimal:
    change = CONVERSIONS.get((unit, known.unit))
    if change is None:
        raise ReadingRefused("wrong_unit", f"{known.name} is recorded in {known.unit}, not in {unit!r}")
    return round(change(number), known.places)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ReadingRefused("not_a_number", "a number is needed")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ReadingRefused("not_a_number", "a finite number is needed")
    return number


def _check_time(effective_at: datetime, now: datetime) -> None:
    if effective_at > now + FUTURE:
        raise ReadingRefused("in_the_future", "the time of the reading lies in the future")
    if effective_at < now - OLDEST:
        raise ReadingRefused("too_old", "the reading is older than a year")
