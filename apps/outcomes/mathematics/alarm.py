"""The early warning of a day: how near a person is to the threshold, from what was known on that day only."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import ndtr

from apps.outcomes.mathematics.courses import Course, Floats, day_table
from apps.outcomes.mathematics.fit import Model, responsibilities
from apps.outcomes.mathematics.kalman import AT, RECALL, Belief, copy_of, next_day, take_dose
from apps.outcomes.mathematics.running import walk

# Days ahead and what each look counts for. A longer look finds no more onsets at the same rate of false alarms: who hovers
# just below the threshold then rings most (docs/forecasting.md).
LOOKS: Final = {0: 0.7, 3: 0.3}


def scores(courses: Sequence[Course], model: Model) -> list[Floats]:
    """For each course, a score for every day 0..last_day; larger is nearer to relapse."""
    table = day_table(courses)
    thresholds = np.array([courses[number].threshold for number in table.order])
    found = [np.zeros(course.last_day + 1) for course in courses]
    for day, belief in walk(table, model.grid, model.noise):
        living = len(belief.log)
        today = score(belief, model, table.weights[:living, day], thresholds[:living])
        for row, number in enumerate(table.order[:living]):
            found[number][day] = today[row]
    return found


def score(belief: Belief, model: Model, given: Floats, threshold: Floats) -> Floats:
    """The weighted probability of being at or above the threshold today and in three days, (people,).

    given: exposure of today's session, which is known on its day. Nothing further is assumed to be given.
    """
    weights = responsibilities(belief.log, model.weights)
    moving, found = copy_of(belief), np.zeros(len(threshold))
    for day in range(max(LOOKS) + 1):
        if day:
            if day == 1:
                take_dose(moving, model.grid, given)
            next_day(moving, model.grid, model.noise)
        if day in LOOKS:
            deviation = np.sqrt(moving.spread[AT[RECALL, RECALL]])
            over = ndtr((moving.mean[RECALL] - threshold[:, None]) / deviation)
            found += LOOKS[day] * np.sum(weights * over, axis=1)
    return found
