"""Kinds of rules on a person's own course of totals. Pure.

reliable: so many points worse than before treatment, or than the answer before; own-baseline: a slow drift over the
person's own usual answers after the series (EWMA or CUSUM); off-track: above the 80 % band of what was expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from apps.alerts.rules.facts import Answered, Expected, Facts, Fired
from apps.alerts.rules.own_course import cusum_alarms, ewma_alarms, not_on_track

Parameters = Mapping[str, Any]
SERIES: Final = 6  # sessions; an own baseline begins after them
DAY: Final = timedelta(days=1)
FRESHEST: Final = 5 * DAY  # a forecast made later than this before the answer knows it nearly
OLDEST: Final = 28 * DAY  # beyond it a forecast says nothing
DETECTORS: Final[Mapping[str, Callable[[list[float]], list[bool]]]] = {"ewma": ewma_alarms, "cusum": cusum_alarms}


def reliable(parameters: Parameters, facts: Facts) -> Fired | None:
    """instrument, points, against: "before-treatment" or "answer-before"."""
    totals = totals_of(parameters, facts)
    newest = newest_total(parameters, facts)
    against = parameters.get("against") or "before-treatment"
    then = totals[-2] if against == "answer-before" and len(totals) > 1 else None
    if against == "before-treatment":
        then = _before_treatment(totals[:-1], facts)
    if newest is None or newest.total is None or then is None or then.total is None:
        return None
    if newest.total - then.total < parameters["points"]:
        return None
    return Fired("rule-response", newest.id, newest.at, f"{newest.total:g} ({then.total:g})")


def own_baseline(parameters: Parameters, facts: Facts) -> Fired | None:
    """instrument, method: "ewma" or "cusum". The first six answers after the sixth session are the usual ones."""
    newest = newest_total(parameters, facts)
    if newest is None or len(facts.doses) < SERIES:
        return None
    begin = facts.doses[SERIES - 1].at
    values = [one.total for one in totals_of(parameters, facts) if one.at > begin and one.total is not None]
    found = DETECTORS[parameters["method"]](values)
    if not found or not found[-1]:
        return None
    return Fired("rule-response", newest.id, newest.at, f"{newest.total:g}")


def off_track(parameters: Parameters, facts: Facts) -> Fired | None:
    """instrument, sessions: above the 80 % band of an earlier forecast, from that session on."""
    newest = newest_total(parameters, facts)
    if newest is None or newest.total is None:
        return None
    said = [one for one in facts.expected if FRESHEST <= newest.at - one.at <= OLDEST and _fits(one, parameters)]
    given = sum(dose.at <= newest.at for dose in facts.doses)
    if not said:
        return None
    upper = said[-1].upper_on((newest.at - said[-1].at) / DAY)
    if not not_on_track(newest.total, upper, given, int(parameters["sessions"])):
        return None
    return Fired("rule-response", newest.id, newest.at, f"{newest.total:g} (<{upper:.0f})")


def totals_of(parameters: Parameters, facts: Facts) -> list[Answered]:
    """The surveys of that instrument with a total, oldest first."""
    return [one for one in facts.answered if one.instrument == parameters["instrument"] and one.total is not None]


def newest_total(parameters: Parameters, facts: Facts) -> Answered | None:
    """The newest survey, where it is one of that instrument with a total."""
    newest = facts.answered[-1] if facts.answered else None
    fits = newest is not None and newest.instrument == parameters["instrument"] and newest.total is not None
    return newest if fits else None


def _before_treatment(earlier: list[Answered], facts: Facts) -> Answered | None:
    """The last total before the first dose; before any dose, the first one."""
    if not facts.doses:
        return earlier[0] if earlier else None
    before = [one for one in earlier if one.at <= facts.doses[0].at]
    return before[-1] if before else None


def _fits(one: Expected, parameters: Parameters) -> bool:
    return bool(one.upper) and one.instrument == parameters["instrument"]
