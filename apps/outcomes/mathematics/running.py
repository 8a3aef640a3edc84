"""Take many courses through the filter day by day."""

from collections.abc import Callable, Collection, Iterator

import numpy as np

from apps.outcomes.mathematics.courses import Course, DayTable, Floats, day_table
from apps.outcomes.mathematics.grid import Grid
from apps.outcomes.mathematics.kalman import Belief, Noise, begin, copy_of, next_day, see_mood, see_score, take_dose

See = Callable[[Belief, Noise, Floats], None]


def walk(table: DayTable, grid: Grid, noise: Noise) -> Iterator[tuple[int, Belief]]:
    """Day after day what is believed of all whose course still runs, after that day's answers, before its session.

    A view: the next day overwrites it. People stand in the table's order, longest course first.
    """
    whole = begin(len(table.last), grid, noise)
    for day in range(int(table.last.max(initial=-1)) + 1):
        living = table.living(day)
        belief = whole.first(living)
        if day:
            take_dose(belief, grid, table.weights[:living, day - 1])
            next_day(belief, grid, noise)
        see_day(belief, noise, table.scores[:living, day], table.moods[:living, day])
        yield day, belief


def see_day(belief: Belief, noise: Noise, scores: Floats, moods: Floats) -> None:
    """What people said on one day, (people,); NaN where nothing was said."""
    sources: tuple[tuple[See, Floats], ...] = ((see_score, scores), (see_mood, moods))
    for see, said in sources:
        rows = np.flatnonzero(~np.isnan(said))
        if len(rows) == len(said):
            see(belief, noise, said)
        elif len(rows):
            some = belief.of(rows)
            see(some, noise, said[rows])
            belief.put(rows, some)


def last_beliefs(table: DayTable, grid: Grid, noise: Noise) -> Belief:
    """What is believed at the end of each course, in the table's order (the end of a course is its last day).

    The session of the last day is not taken: it belongs to what comes.
    """
    end: Belief | None = None
    for _day, belief in walk(table, grid, noise):
        end = end or belief
    if end is None:
        raise ValueError("no course")
    return end


def beliefs_on(course: Course, days: Collection[int], grid: Grid, noise: Noise) -> dict[int, Belief]:
    """What was believed of one person on these days, after the answers and before the session of each."""
    steps = walk(day_table([course]), grid, noise)
    return {day: copy_of(belief) for day, belief in steps if day in days}
