"""A figure and its ceiling, as one JSON line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """value beside ceiling, both in unit; the ceiling was measured in the same run, by the least that could do it.

    n: how many single measurements stand behind the value. ratio: value / ceiling.
    """

    name: str
    value: float
    unit: str
    ceiling: float
    n: int

    def line(self, seed: int) -> str:
        ratio = round(self.value / self.ceiling, 3) if self.ceiling else None
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, 3),
                "unit": self.unit,
                "ceiling": round(self.ceiling, 3),
                "ratio": ratio,
                "n": self.n,
                "seed": seed,
            }
        )


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def seconds(work: Callable[[], Any]) -> float:
    """How long it took, by the wall."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cpu_ms(work: Callable[[], Any]) -> float:
    """What it cost this process, in milliseconds of CPU."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def interleaved(rounds: int, ours: Callable[[], float], bare: Callable[[], float]) -> tuple[float, float]:
    """Medians of both, taken in turns, so that a noisy moment of the machine hits both."""
    pairs = [(ours(), bare()) for _ in range(rounds)]
    return median(one for one, _ in pairs), median(other for _, other in pairs)
