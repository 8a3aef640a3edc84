"""The short reaction and memory task: what is asked, and what an answer is worth. Pure.

It is compared with the person's own beginning and with nobody else; it is no test of intelligence and makes no diagnosis.
Every number here is a product default: the reference (clinical.md 2.7) asks for a monthly look at cognition and names no
free task. A task within a day of a dose says something about the dose and is not taken.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median

POOL = 48  # words (apps/sessions/cognition_words.py)
SHOWN = 8
TRIES = 8
FASTEST_MS, SLOWEST_MS = 100, 2000  # below: guessed; above: not looking
ENOUGH_TRIES = 6
MOST_EARLY = 4
BEGINNING = 2  # usable tasks that make the person's own beginning


@dataclass(frozen=True, slots=True)
class Task:
    """Numbers of the pool: what is shown to keep in mind, and what it is to be found among."""

    shown: tuple[int, ...]
    among: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """median_ms 0: no valid try. recalled: of the shown ones; wrong: picked and not shown."""

    reactions: tuple[int, ...]
    early: int
    median_ms: int
    recalled: int
    wrong: int

    @property
    def usable(self) -> bool:
        """Enough tries, and not tapped blindly."""
        return len(self.reactions) >= ENOUGH_TRIES and self.early <= MOST_EARLY

    @property
    def memory(self) -> int:
        """Recalled, less what was picked wrongly: who ticks everything has kept nothing."""
        return max(self.recalled - self.wrong, 0)


def task_of(seed: int) -> Task:
    """The same seed is the same task."""
    dice = random.Random(seed)  # noqa: S311  (no secret: it is shown to the person)
    picked = dice.sample(range(POOL), 2 * SHOWN)
    shown = tuple(picked[:SHOWN])
    among = list(picked)
    dice.shuffle(among)
    return Task(shown, tuple(among))


def score(task: Task, reactions: Sequence[int], early: int, picks: Collection[int]) -> Score:
    """What of the tries counts, and how many words were known again."""
    valid = tuple(one for one in reactions[:TRIES] if FASTEST_MS <= one <= SLOWEST_MS)
    chosen = set(picks) & set(task.among)
    recalled = len(chosen & set(task.shown))
    middle = round(median(valid)) if valid else 0
    return Score(valid, early, middle, recalled, len(chosen) - recalled)


def slower_percent(now_ms: int, before: Sequence[int]) -> int | None:
    """Than the person's own beginning (medians of usable tasks, oldest first); None while that is being made."""
    first = before[:BEGINNING]
    if len(first) < BEGINNING:
        return None
    return round((now_ms / (sum(first) / len(first)) - 1) * 100)


def below_beginning(
    slower: int | None, memory: int, memories: Sequence[int], *, slower_limit: int, memory_limit: int
) -> bool:
    """Is it so far below the person's own beginning that somebody should look?"""
    first = memories[:BEGINNING]
    forgot = len(first) == BEGINNING and sum(first) / len(first) - memory >= memory_limit
    return forgot or (slower is not None and slower >= slower_limit)
