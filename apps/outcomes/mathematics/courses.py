"""What is known of people day by day, as the filter reads it: whole days, day 0 is the first session."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# The dose to which the exposure is scaled, and how much more a higher one does (forecast model, w = (dose / 0.5)^0.3).
REFERENCE_DOSE: Final = 0.5
DOSE_POWER: Final = 0.3


@dataclass(frozen=True, slots=True)
class Course:
    """One person. doses: day -> mg/kg; scores: day -> PHQ-9 total 0..27; moods: day -> 0..10 (10 = best).

    last_day: the last day that is known of; nothing after it is read. plan: day -> mg/kg of sessions that will be given.
    """

    baseline: float
    threshold: float
    last_day: int
    doses: dict[int, float]
    scores: dict[int, float]
    moods: dict[int, float]
    plan: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayTable:
    """Many courses side by side, longest first. weights, scores, moods: (people, days); NaN where nothing was said."""

    order: Ints
    last: Ints
    weights: Floats
    scores: Floats
    moods: Floats

    def living(self, day: int) -> int:
        """How many of the courses (a prefix: longest first) still run on this day."""
        return int(np.searchsorted(-self.last, -day, side="right"))


def dose_weight(dose: float) -> float:
    """The exposure of one session relative to 0.5 mg/kg."""
    return float((max(dose, 0.0) / REFERENCE_DOSE) ** DOSE_POWER)


def day_table(courses: Sequence[Course], days: int | None = None) -> DayTable:
    """Lay courses out by day. days: at least so many columns. The baseline counts as the score of day 0."""
    last = np.array([course.last_day for course in courses], dtype=np.int64)
    order = np.argsort(-last, kind="stable")
    width = max(int(last.max(initial=0)) + 1, days or 0)
    shape = (len(courses), width)
    weights, scores, moods = np.zeros(shape), np.full(shape, np.nan), np.full(shape, np.nan)
    for row, number in enumerate(order):
        course = courses[number]
        _place(weights[row], {day: dose_weight(dose) for day, dose in course.doses.items()}, course.last_day)
        _place(scores[row], {0: course.baseline} | course.scores, course.last_day)
        _place(moods[row], course.moods, course.last_day)
    return DayTable(order=order, last=last[order], weights=weights, scores=scores, moods=moods)


def plan_table(courses: Sequence[Course], horizon: int) -> Floats:
    """Exposure of planned sessions, (people, horizon + 1); column 0 is the course's last day."""
    table = np.zeros((len(courses), horizon + 1))
    for row, course in enumerate(courses):
        planned = {day - course.last_day: dose_weight(dose) for day, dose in course.plan.items()}
        _place(table[row], planned, horizon)
    return table


def _place(row: Floats, values: dict[int, float], last: int) -> None:
    for day, value in values.items():
        if 0 <= day <= last:
            row[day] = value
