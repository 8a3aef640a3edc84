"""A person's rows as the forecast reads them: whole days in the clinic's calendar, day 0 is the first dose."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from apps.monitoring.models import Anchor, Observation, QuestionnaireResponse
from apps.outcomes.mathematics.courses import REFERENCE_DOSE, Course
from apps.outcomes.mathematics.report import SERIES, Treated

INSTRUMENT: Final = "phq-9"
ITEM9: Final = "q9"
LOWEST_THRESHOLD: Final = 10
_DOSE = re.compile(r"(\d+(?:[.,]\d+)?)\s*mg/kg")


def threshold_of(baseline: float) -> int:
    """A relapse is a PHQ-9 of at least 10 and of more than half the baseline."""
    return max(LOWEST_THRESHOLD, int(baseline // 2) + 1)


def dose_of(anchor: Anchor) -> float:
    """mg/kg as the label says; the usual dose where it says nothing (the forecast names this as its assumption)."""
    found = _DOSE.search(anchor.label)
    return float(found.group(1).replace(",", ".")) if found else REFERENCE_DOSE


def course_of(
    responses: Iterable[QuestionnaireResponse],
    doses: Iterable[Anchor],
    moods: Iterable[Observation],
    at: datetime,
    zone: ZoneInfo,
) -> Course | None:
    """The course until now; None before the first dose or without a score to begin from. Two of a day: the later one."""
    given = {anchor.started_at.astimezone(zone).date(): dose_of(anchor) for anchor in doses}
    if not given:
        return None
    first, today = min(given), at.astimezone(zone).date()
    totals = {
        response.authored_at.astimezone(zone).date(): float(response.total)
        for response in responses
        if response.valid and response.total is not None
    }
    baseline = _baseline(totals, first)
    if baseline is None:
        return None
    said = {each.effective_at.astimezone(zone).date(): float(each.value) / 10 for each in moods}
    return Course(
        baseline=baseline,
        threshold=threshold_of(baseline),
        last_day=(today - first).days,
        doses=_since(given, first),
        scores=_since(totals, first),
        moods=_since(said, first),
    )


def treated(course: Course, thoughts: dict[int, int] | None = None) -> Treated:
    """The course as the outcome report counts it: the first six sessions are the series, the others maintenance.

    thoughts: item 9 by day; a day before the first session is below 0.
    """
    days = sorted(course.doses)
    known = thoughts or {}
    before = [day for day in known if day <= 0]
    return Treated(
        course.baseline,
        course.threshold,
        tuple(sorted(course.scores.items())),
        tuple(days[:SERIES]),
        tuple(days[SERIES:]),
        thoughts_before=known[max(before)] if before else None,
        thoughts=tuple(sorted(known.items())),
        days=course.last_day,
    )


def thoughts_of(responses: Iterable[QuestionnaireResponse], doses: Iterable[Anchor], zone: ZoneInfo) -> dict[int, int]:
    """Item 9 as answered, by day of the course. Two of a day: the later one."""
    given = [anchor.started_at.astimezone(zone).date() for anchor in doses]
    if not given:
        return {}
    found = {}
    for response in responses:
        value = response.answers.get(ITEM9)
        if isinstance(value, int):
            found[(response.authored_at.astimezone(zone).date() - min(given)).days] = int(value)
    return found


def _baseline(totals: dict[date, float], first: date) -> float | None:
    """The last score up to the first dose."""
    before = [day for day in totals if day <= first]
    return totals[max(before)] if before else None


def _since(values: dict[date, float], first: date) -> dict[int, float]:
    return {(day - first).days: value for day, value in sorted(values.items()) if day >= first}
