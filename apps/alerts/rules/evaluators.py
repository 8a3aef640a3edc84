"""The kinds of rules: each looks at the newest fact of its sort and says what it found, or None. Pure.

item: an answer; score: a total; change: a total against the person's own usual one (median of the earlier ones, at
least three); slope: points a week over some weeks (least squares, at least three totals); silence: so many surveys in
a row not answered; vitals: a reading beyond a value; phrase: words in a message, for staff to look at; missed-check:
no survey answered in the hours after a dose; reliable, own-baseline, off-track: see courses.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from apps.alerts.rules.courses import newest_total as _newest_total
from apps.alerts.rules.courses import off_track, own_baseline, reliable
from apps.alerts.rules.courses import totals_of as _totals
from apps.alerts.rules.facts import Facts, Fired

Parameters = Mapping[str, Any]
Evaluator = Callable[[Parameters, Facts], "Fired | None"]
ENOUGH = 3
WEEK = timedelta(days=7)


def item(parameters: Parameters, facts: Facts) -> Fired | None:
    """instrument, item, at_least."""
    newest = facts.answered[-1] if facts.answered else None
    if newest is None or newest.instrument != parameters["instrument"]:
        return None
    value = newest.answers.get(parameters["item"])
    if not isinstance(value, int) or int(value) < parameters["at_least"]:
        return None
    return Fired("rule-answer", newest.id, newest.at, str(int(value)), int(value))


def score(parameters: Parameters, facts: Facts) -> Fired | None:
    """instrument, at_least."""
    newest = _newest_total(parameters, facts)
    if newest is None or newest.total is None or newest.total < parameters["at_least"]:
        return None
    return Fired("rule-response", newest.id, newest.at, f"{newest.total:g}")


def change(parameters: Parameters, facts: Facts) -> Fired | None:
    """instrument, points: so much worse than the median of the earlier ones."""
    newest = _newest_total(parameters, facts)
    earlier = _totals(parameters, facts)[:-1]
    if newest is None or newest.total is None or len(earlier) < ENOUGH:
        return None
    usual = median(one.total for one in earlier if one.total is not None)
    if newest.total - usual < parameters["points"]:
        return None
    return Fired("rule-response", newest.id, newest.at, f"{newest.total:g} ({usual:g})")


def slope(parameters: Parameters, facts: Facts) -> Fired | None:
    """instrument, points (a week), weeks."""
    newest = _newest_total(parameters, facts)
    if newest is None:
        return None
    since = newest.at - parameters["weeks"] * WEEK
    rise = weekly_slope([(one.at, one.total or 0.0) for one in _totals(parameters, facts) if one.at >= since])
    if rise is None or rise < parameters["points"]:
        return None
    return Fired("rule-response", newest.id, newest.at, f"{rise:+.1f}")


def silence(parameters: Parameters, facts: Facts) -> Fired | None:
    """instrument, missed: so many in a row; said once, at the one that completes the row."""
    asked = [one for one in facts.asked if one.instrument == parameters["instrument"]]
    row = 0
    for one in reversed(asked):
        if one.answered:
            break
        row += 1
    if row != parameters["missed"]:
        return None
    return Fired("rule-slot", asked[-1].id, asked[-1].at, str(row))


def vitals(parameters: Parameters, facts: Facts) -> Fired | None:
    """code, and at_least or at_most."""
    newest = facts.measured[-1] if facts.measured else None
    if newest is None or newest.code != parameters["code"]:
        return None
    low, high = parameters.get("at_most"), parameters.get("at_least")
    if (high is None or newest.value < high) and (low is None or newest.value > low):
        return None
    return Fired("rule-reading", newest.id, newest.at, f"{newest.value:g}")


def phrase(parameters: Parameters, facts: Facts) -> Fired | None:
    """phrases: whole words in the newest message; what was found is shown, a person judges."""
    if not facts.written:
        return None
    newest = facts.written[-1]
    plain = newest.text.replace("\u2019", "'").lower()
    for words in parameters["phrases"]:
        pattern = r"\s+".join(re.escape(word) for word in str(words).lower().split())
        if pattern and re.search(rf"(?<!\w){pattern}(?!\w)", plain):
            return Fired("rule-message", newest.id, newest.at, str(words))
    return None


def missed_check(parameters: Parameters, facts: Facts) -> Fired | None:
    """hours, instrument (any where empty): nothing answered within them after the newest dose."""
    dose = facts.doses[-1] if facts.doses else None
    if dose is None or facts.at < dose.at + timedelta(hours=parameters["hours"]):
        return None
    wanted = parameters.get("instrument") or ""
    if any(one.at >= dose.at and wanted in ("", one.instrument) for one in facts.answered):
        return None
    return Fired("rule-dose", dose.id, dose.at + timedelta(hours=parameters["hours"]), str(parameters["hours"]))


EVALUATORS: Mapping[str, Evaluator] = {
    "item": item,
    "score": score,
    "change": change,
    "slope": slope,
    "silence": silence,
    "vitals": vitals,
    "phrase": phrase,
    "missed-check": missed_check,
    "reliable": reliable,
    "own-baseline": own_baseline,
    "off-track": off_track,
}
#: Kinds that time brings about; the others are looked at when their fact comes in.
BY_CLOCK = ("silence", "missed-check")


def evaluate(kind: str, parameters: Parameters, facts: Facts) -> Fired | None:
    """What the rule finds as of facts.at. Raises KeyError for a kind that does not exist."""
    return EVALUATORS[kind](parameters, facts)


def replay(kind: str, parameters: Parameters, facts: Facts, since: datetime) -> list[Fired]:
    """What the rule would have found from that moment on, each finding once, oldest first."""
    found: dict[tuple[str, str], Fired] = {}
    for moment in _moments(kind, parameters, facts, since):
        fired = evaluate(kind, parameters, facts.until(moment))
        if fired is not None:
            found.setdefault((fired.source_kind, str(fired.source)), fired)
    return list(found.values())


def weekly_slope(points: list[tuple[datetime, float]]) -> float | None:
    """Points a week by least squares; None below three points or without any time between them."""
    if len(points) < ENOUGH:
        return None
    weeks = [(at - points[0][0]) / WEEK for at, _value in points]
    values = [value for _at, value in points]
    mean_week, mean_value = sum(weeks) / len(weeks), sum(values) / len(values)
    spread = sum((week - mean_week) ** 2 for week in weeks)
    if not spread:
        return None
    together = sum((week - mean_week) * (value - mean_value) for week, value in zip(weeks, values, strict=True))
    return together / spread


def _moments(kind: str, parameters: Parameters, facts: Facts, since: datetime) -> list[datetime]:
    moments = {
        "vitals": lambda: [one.at for one in facts.measured],
        "silence": lambda: [one.at for one in facts.asked],
        "phrase": lambda: [one.at for one in facts.written],
        "missed-check": lambda: [one.at + timedelta(hours=parameters["hours"]) for one in facts.doses],
    }.get(kind, lambda: [one.at for one in facts.answered])()
    return sorted({moment for moment in moments if since <= moment <= facts.at})
