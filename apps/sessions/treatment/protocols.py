"""A clinic's own course template as it is stored: read and checked, compared, shown on a made-up person. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.sessions.dose_limits import Dose, DoseLevel, DoseLimits, Route, dose_check
from apps.sessions.treatment.courses import CourseLimits, CourseTemplate, Phase

INDICATIONS = ("TRD", "MDD_SI", "depression", "pain")
PHASES_AT_MOST, DOSES_AT_MOST, DAYS_AT_MOST = 8, 60, 120
#: The label's spacing of esketamine can't be undercut: at most two sessions in 7 days.
NASAL_DAYS_AT_LEAST = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """field of the body, and a code for the words."""

    field: str
    code: str


class ProtocolFaults(Exception):
    """Everything that is wrong with a body."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(", ".join(f"{one.field}: {one.code}" for one in faults))
        self.faults = faults


def read_body(key: str, body: Mapping[str, Any]) -> CourseTemplate:
    """A stored body as a template. Raises ProtocolFaults with all of them."""
    faults: list[Fault] = []

    def take(name: str, read: Callable[[Any], Any], code: str) -> Any:
        try:
            return read(body.get(name))
        except (ValueError, TypeError, KeyError, AttributeError):
            faults.append(Fault(name, code))
            return None

    name = take("name", _text, "missing")
    source = take("source", _text, "missing")
    route = take("route", Route, "route")
    indication = take("indication", _one_of(INDICATIONS), "indication")
    phases = take("phases", _phases, "phases")
    reviews = take("review_before", _numbers, "numbers")
    limits = take("limits", _limits, "limits")
    days = take("screening_days", lambda value: None if value is None else _whole(value, 1, 365), "days")
    if route is not None and phases is not None:
        faults += _unfit(route, indication, phases, limits)
    if faults:
        raise ProtocolFaults(tuple(faults))
    product = "esketamine" if route is Route.INTRANASAL_ESKETAMINE else "ketamine"
    return CourseTemplate(
        key, product, route, indication, phases, reviews, source, name=name, limits=limits, screening_days=days
    )


def body_of(template: CourseTemplate, name: str = "") -> dict[str, Any]:
    """As it is stored."""
    return {
        "name": name or template.name,
        "route": template.route.value,
        "indication": template.indication,
        "phases": [
            {"name": one.name, "doses": one.doses, "days_between": list(one.days_between)} for one in template.phases
        ],
        "review_before": list(template.review_before),
        "limits": {
            "max_mg": template.limits.max_mg,
            "max_mg_per_kg": template.limits.max_mg_per_kg,
            "min_minutes": template.limits.min_minutes,
        },
        "screening_days": template.screening_days,
        "source": template.source,
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(field, before, after) of everything that is not the same; phases and limits piece by piece."""
    old, new = _flat(before), _flat(after)
    names = [*old, *(name for name in new if name not in old)]
    return [(name, old.get(name, ""), new.get(name, "")) for name in names if old.get(name, "") != new.get(name, "")]


@dataclass(frozen=True, slots=True)
class Tried:
    """What the limits say to one dose of a made-up person of 40 years. codes: of dose_limits, and over_protocol_limit."""

    words: str
    level: DoseLevel
    codes: tuple[str, ...]


def tried(template: CourseTemplate, limits: DoseLimits | None = None, weight_kg: float = 80) -> list[Tried]:
    """Doses of a ladder, so that an editor sees where it warns and where it stops."""
    if template.route is Route.INTRANASAL_ESKETAMINE:
        ladder = [(float(mg), f"{mg} mg") for mg in (28, 56, 84)]
    else:
        ladder = [(ratio * weight_kg, f"{ratio:g} mg/kg") for ratio in (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)]
    return [_try(template, mg, words, weight_kg, limits or DoseLimits()) for mg, words in ladder]


def _try(template: CourseTemplate, mg: float, words: str, weight: float, limits: DoseLimits) -> Tried:
    minutes = max(40.0, template.limits.min_minutes or 0)
    found = dose_check(Dose(template.route, mg, 40, weight_kg=weight, duration_min=minutes), limits=limits)
    if template.limits.over(mg, found.mg_per_kg, minutes):
        return Tried(words, DoseLevel.HARD_STOP, (*found.reasons, "over_protocol_limit"))
    return Tried(words, found.level, found.reasons)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200:
        raise ValueError
    return value.strip()


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return read


def _whole(value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError
    return value


def _phases(value: Any) -> tuple[Phase, ...]:
    found = tuple(_phase(one) for one in value)
    open_ones = [index for index, phase in enumerate(found) if phase.doses is None]
    if not 1 <= len(found) <= PHASES_AT_MOST or any(index != len(found) - 1 for index in open_ones):
        raise ValueError
    return found


def _phase(one: Any) -> Phase:
    low, high = one["days_between"]
    days = (_whole(low, 1, DAYS_AT_MOST), _whole(high, 1, DAYS_AT_MOST))
    if days[0] > days[1]:
        raise ValueError
    doses = None if one["doses"] is None else _whole(one["doses"], 1, DOSES_AT_MOST)
    return Phase(_text(one["name"]), doses, days)


def _numbers(value: Any) -> tuple[int, ...]:
    found = tuple(_whole(one, 2, 200) for one in value or ())
    if len(set(found)) != len(found):
        raise ValueError
    return tuple(sorted(found))


def _limits(value: Any) -> CourseLimits:
    given = dict(value or {})
    if unknown := set(given) - {"max_mg", "max_mg_per_kg", "min_minutes"}:
        raise ValueError(unknown)
    for number in given.values():
        if number is not None and not (isinstance(number, int | float) and math.isfinite(number) and number > 0):
            raise ValueError
    return CourseLimits(**given)


def _unfit(route: Route, indication: str | None, phases: tuple[Phase, ...], limits: CourseLimits | None) -> list[Fault]:
    """What does not go together."""
    found = []
    nasal = route is Route.INTRANASAL_ESKETAMINE
    if indication is not None and nasal != (indication in ("TRD", "MDD_SI")):
        found.append(Fault("indication", "not-with-this-route"))
    if nasal and any(phase.days_between[0] < NASAL_DAYS_AT_LEAST for phase in phases):
        found.append(Fault("phases", "closer-than-the-label"))
    hard = DoseLimits().mg_per_kg.get(route)
    if (
        limits is not None
        and limits.max_mg_per_kg is not None
        and hard is not None
        and limits.max_mg_per_kg > hard.hard
    ):
        found.append(Fault("limits", "looser-than-the-hard-limit"))
    return found


def _flat(body: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in body.items():
        if name == "phases":
            for number, one in enumerate(value, 1):
                flat[f"phase {number}"] = _phase_words(one)
        elif name == "limits":
            flat |= {f"limit {key}": "" if number is None else f"{number:g}" for key, number in value.items()}
        elif isinstance(value, list):
            flat[name] = ", ".join(map(str, value))
        else:
            flat[name] = "" if value is None else str(value)
    return flat


def _phase_words(one: Mapping[str, Any]) -> str:
    low, high = one["days_between"]
    return f"{one['name']}: {one['doses'] or 'open'}, {low}-{high} d"
