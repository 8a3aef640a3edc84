"""Change detection on a person's own scores: what is more than noise, and what is off the expected course. Pure.

Sources: reliable change of the PHQ-9, 5 points possible (individual change threshold, Loewe 2004), 7 reliable
(1.96 x sqrt 2 x standard error of measurement 2.5); 6 is the meaningful change (Telek's clinical reference 1.2).
EWMA on momentary states: sensitivity 68 %, specificity 74 % for a coming depression (Smit and Snippe 2022).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

POSSIBLE: Final = 5.0
MEANINGFUL: Final = 6.0
RELIABLE: Final = 7.0
SMOOTHING: Final = 0.25  # weight of the newest value in the EWMA
LIMIT: Final = 2.7  # standard deviations of the EWMA
BASELINE_ANSWERS: Final = 6  # an own baseline needs so many
LEAST_SPREAD: Final = 1.0  # of an own baseline: nobody answers without any noise
DRIFT: Final = 0.5  # standard deviations that a CUSUM forgives at each answer
ALARM: Final = 4.5  # standard deviations at which it sounds
NOT_TRACKED_BEFORE: Final = 3  # sessions
SILENT_AFTER: Final = 2  # questionnaires missed in a row


@dataclass(frozen=True, slots=True)
class Change:
    """points: now minus then, above zero is worse. word: none, possible, meaningful or reliable."""

    points: float
    word: str


def change(then: float, now: float) -> Change:
    """How sure it is that two PHQ-9 totals differ by more than noise."""
    size = abs(now - then)
    words = (("reliable", RELIABLE), ("meaningful", MEANINGFUL), ("possible", POSSIBLE))
    return Change(now - then, next((word for word, least in words if size >= least), "none"))


@dataclass(frozen=True, slots=True)
class OwnBaseline:
    """A person's usual answers. spread: standard deviation, never below LEAST_SPREAD."""

    centre: float
    spread: float


def own_baseline(values: Sequence[float]) -> OwnBaseline | None:
    """From the first answers after the series; None until there are enough."""
    if len(values) < BASELINE_ANSWERS:
        return None
    usual = np.asarray(values[:BASELINE_ANSWERS], dtype=float)
    return OwnBaseline(float(usual.mean()), max(float(usual.std(ddof=1)), LEAST_SPREAD))


def ewma_alarms(values: Sequence[float]) -> list[bool]:
    """For each value whether the smoothed course lies above the own baseline's limit (worse = higher)."""
    usual, found, smooth = own_baseline(values), [False] * len(values), 0.0
    if usual is None:
        return found
    for number, value in enumerate(values[BASELINE_ANSWERS:], start=1):
        smooth = (1 - SMOOTHING) * smooth + SMOOTHING * (value - usual.centre) / usual.spread
        width = sqrt(SMOOTHING / (2 - SMOOTHING) * (1 - (1 - SMOOTHING) ** (2 * number)))
        found[BASELINE_ANSWERS + number - 1] = smooth > LIMIT * width
    return found


def cusum_alarms(values: Sequence[float]) -> list[bool]:
    """For each value whether the sum of excesses over the own baseline has reached ALARM; begins anew after each."""
    usual, found, total = own_baseline(values), [False] * len(values), 0.0
    if usual is None:
        return found
    for number, value in enumerate(values[BASELINE_ANSWERS:], start=BASELINE_ANSWERS):
        total = max(0.0, total + (value - usual.centre) / usual.spread - DRIFT)
        if total >= ALARM:
            found[number], total = True, 0.0
    return found


def not_on_track(total: float, upper: float, sessions: int, since: int = NOT_TRACKED_BEFORE) -> bool:
    """A score above the 80 % band of the expected curve, from the third session on (or another)."""
    return sessions >= since and total > upper


def is_silent(answered: Sequence[bool]) -> bool:
    """The newest two questionnaires (oldest first) both went unanswered: a task for a human."""
    return len(answered) >= SILENT_AFTER and not any(answered[-SILENT_AFTER:])
