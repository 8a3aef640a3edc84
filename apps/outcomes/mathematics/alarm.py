"""The early warning of a day: how near a person is to the threshold, from what was known on that day only.

A look some days ahead finds no more onsets at the same rate of false alarms: who hovers just below the threshold then
rings most (docs/forecasting.md).
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from apps.outcomes.mathematics.courses import Course, Floats, day_table
from apps.outcomes.mathematics.fit import Model, responsibilities
from apps.outcomes.mathematics.kalman import AT, RECALL, Belief
from apps.outcomes.mathematics.running import walk


def scores(courses: Sequence[Course], model: Model) -> list[Floats]:
    """For each course, a score for every day 0..last_day; larger is nearer to relapse."""
    table = day_table(courses)
    thresholds = np.array([courses[number].threshold for number in table.order])
    found = [np.zeros(course.last_day + 1) for course in courses]
    for day, belief in walk(table, model.grid, model.noise):
        today = score(belief, model, thresholds[: len(belief.log)])
        for row, number in enumerate(table.order[: len(today)]):
            found[number][day] = today[row]
    return found


def score(belief: Belief, model: Model, threshold: Floats) -> Floats:
    """The probability of being at or above the threshold today, (people,)."""
    deviation = np.sqrt(belief.spread[AT[RECALL, RECALL]])
    over = ndtr((belief.mean[RECALL] - threshold[:, None]) / deviation)
    found: Floats = np.sum(responsibilities(belief.log, model.weights) * over, axis=1)
    return found
