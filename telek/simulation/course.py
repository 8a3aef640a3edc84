"""How an invented person fares: a dose helps, and the help fades. Pure, and the same for the same seed.

A teaching model with numbers of our own, not fitted to patients: `relief` runs from 0 to 1, falls by
exp(-days / fade_days) and is lifted by each dose towards 1. PHQ-9 = baseline x (1 - gain x relief) + noise.
"""

import math
import random
from dataclasses import dataclass
from datetime import date, timedelta

PHQ9_WEIGHTS = (1.25, 1.3, 1.15, 1.3, 0.9, 1.1, 1.0, 0.55, 0.0)  # item 9 has a life of its own
GAD7_WEIGHTS = (1.2, 1.15, 1.2, 1.1, 0.75, 0.9, 0.7)
DAYS_OF_INDUCTION = (0, 3, 7, 10, 14, 17)  # six doses in three weeks, then weekly, then every second week
UNMOVED, ON_DEMAND, BOOSTED = 0.2, 0.6, 0.5  # shares of people, and of scores at the threshold
BOOSTER_REST = 7  # days after a session before another is booked
MAINTENANCE_GAPS = (7, 7, 10, 14, 14, 14, 14, 14, 14, 14, 14)


@dataclass(frozen=True)
class Traits:
    """One person. baseline: PHQ-9 before the first dose; gain: share that a dose can lift; diligence: share answered."""

    baseline: float
    gain: float
    fade_days: float
    diligence: float
    item9_early: int = 0  # item 9 before the treatment takes hold
    silent_for_days: int = 0  # has not answered lately
    worsening: bool = False
    on_demand: bool = False  # after the series, sessions only because scores rose


def draw_traits(rng: random.Random) -> Traits:
    """A person out of the ordinary run of a clinic; one in five is hardly helped."""
    helped = rng.random() >= UNMOVED
    return Traits(
        baseline=rng.uniform(14, 23),
        gain=rng.uniform(0.3, 0.8) if helped else rng.uniform(0.02, 0.2),
        fade_days=rng.uniform(6, 16),
        diligence=rng.uniform(0.72, 0.97),
        item9_early=1 if rng.random() < 0.2 else 0,
        on_demand=rng.random() < ON_DEMAND,
    )


def dose_days(start: date, until: date, *, series_only: bool = False) -> list[date]:
    """The days of dosing from `start` up to and including `until`; without the later ones where they come on demand."""
    days = [start + timedelta(days=n) for n in DAYS_OF_INDUCTION]
    for gap in () if series_only else MAINTENANCE_GAPS:
        days.append(days[-1] + timedelta(days=gap))
    return [day for day in days if day <= until]


def booster_day(day: date, total: float, doses: list[date], traits: Traits, rng: random.Random) -> date | None:
    """When a session is booked because the score of this day came back to the threshold; None otherwise."""
    threshold = max(10, int(traits.baseline // 2) + 1)
    resting = len(doses) >= len(DAYS_OF_INDUCTION) and (day - doses[-1]).days >= BOOSTER_REST
    if not traits.on_demand or not resting or total < threshold or rng.random() >= BOOSTED:
        return None
    return day + timedelta(days=rng.randint(2, 5))


def relief_on(day: date, doses: list[date], traits: Traits) -> float:
    """0 to 1: how much of what the medicine can do is there on that day."""
    relief, last = 0.0, None
    for dose in [dose for dose in doses if dose < day]:
        if last is not None:
            relief *= math.exp(-(dose - last).days / traits.fade_days)
        relief += (1 - relief) * 0.45
        last = dose
    return relief * math.exp(-(day - last).days / traits.fade_days) if last else 0.0


def burden_on(day: date, doses: list[date], traits: Traits, rng: random.Random) -> float:
    """PHQ-9 as a real number, before it is made of items."""
    value = traits.baseline * (1 - traits.gain * relief_on(day, doses, traits)) + rng.gauss(0, 1.1)
    if traits.worsening:
        value += 5
    return min(26.0, max(0.5, value))


def items_of(total: float, weights: tuple[float, ...], rng: random.Random) -> list[int]:
    """Item answers 0 to 3 that sum up to about the total; the last item of PHQ-9 stays 0."""
    scale = total / (sum(weights) or 1)
    return [min(3, max(0, round(scale * weight + rng.gauss(0, 0.25)))) if weight else 0 for weight in weights]


def mood_of(total: float, rng: random.Random) -> int:
    """Mood 0 to 100 that goes with a burden."""
    return min(97, max(3, round(88 - 2.7 * total + rng.gauss(0, 5))))
