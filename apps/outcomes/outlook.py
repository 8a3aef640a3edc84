"""What may come for one person: the fan, the chance of a relapse, the window; and what all of it rests on."""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np

from apps.outcomes.mathematics.courses import Course, day_table, plan_table
from apps.outcomes.mathematics.fit import Model, responsibilities
from apps.outcomes.mathematics.forecast import Mixture, ahead, response, stacked
from apps.outcomes.mathematics.kalman import Belief, exposure
from apps.outcomes.mathematics.paths import FAR, RUN, Fade, fade
from apps.outcomes.mathematics.report import SERIES
from apps.outcomes.mathematics.running import last_beliefs

DAYS: Final = (7, 14, 28)
SHARES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
SETTLED: Final = 7  # days after the last session of the series, when a response is judged


@dataclass(frozen=True, slots=True)
class Fan:
    """So many days ahead: the middle, 50 and 80 % bands of the total that would be reported."""

    day: int
    low80: float
    low50: float
    middle: float
    high50: float
    high80: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """relapse14, already and window only for somebody whose last answer is below the threshold, without a planned
    session; the window holds the middle half of the paths, days from now.

    already: probability of being at or above the threshold today, whatever the last answer was. relapse14 and the window
    are those of one who is below it today; either14 is the probability of both together.

    effect: share of the full effect of treatment that is still felt, 0..1. response: probability of half the points of
    before treatment or fewer, response_in days from now: only while the first series is under way and planned.
    """

    fan: tuple[Fan, ...]
    threshold: int
    effect: float
    last_score: float
    last_score_day: int
    relapse14: float | None
    window: tuple[float, float] | None
    response: float | None = None
    response_in: int | None = None
    already: float | None = None
    either14: float | None = None

    @property
    def window_is_open_ended(self) -> bool:
        """The later end lies beyond what is told apart."""
        return self.window is not None and self.window[1] >= FAR


def outlook(course: Course, model: Model, person: str, belief: Belief | None = None) -> Outlook:
    """The forecast of today under the course's plan. person: any stable name; it seeds the paths, together with the day.

    belief: of the course's last day, where it is known already.
    """
    belief = belief or last_beliefs(day_table([course]), model.grid, model.noise)
    settled = _settled(course)
    days = {*DAYS, *([settled] if settled else [])}
    future = ahead(belief, model, plan_table([course], max(days)), days)
    weights = responsibilities(belief.log, model.weights)
    scores = {0: course.baseline} | {day: total for day, total in course.scores.items() if day <= course.last_day}
    latest = max(scores)
    calm = scores[latest] < course.threshold and not course.plan
    found = _fade(course, belief, model, person) if calm else None
    return Outlook(
        fan=_fans(future),
        threshold=int(course.threshold),
        effect=float(np.sum(weights * exposure(belief))),
        last_score=scores[latest],
        last_score_day=latest,
        relapse14=found.relapse14 if found else None,
        window=_window(found) if found else None,
        response=float(response(future[settled], np.array([course.baseline]))[0]) if settled else None,
        response_in=settled,
        already=found.already if found else None,
        either14=found.either14 if found else None,
    )


def _settled(course: Course) -> int | None:
    """Days until a response to the first series is judged; None where none is under way with all its sessions planned."""
    under_way = 0 < len(course.doses) < SERIES <= len(course.doses) + len(course.plan)
    return max(course.plan) - course.last_day + SETTLED if under_way else None


def _fans(future: dict[int, Mixture]) -> tuple[Fan, ...]:
    together = stacked([future[day] for day in DAYS])
    found = together.quantiles(SHARES)
    return tuple(Fan(day, *map(float, row)) for day, row in zip(DAYS, found, strict=True))


def _fade(course: Course, belief: Belief, model: Model, person: str) -> Fade:
    seed = crc32(f"{person} {course.last_day}".encode())
    return fade(belief, 0, model, plan_table([course], FAR + RUN)[0], course.threshold, seed)


def _window(found: Fade) -> tuple[float, float]:
    low, high = found.quantiles((0.25, 0.75))
    return float(low), float(high)
