"""The grid of response shapes: how fast a session's effect comes and goes, and how far it reaches."""

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Floats

SHAPES: Final = 2  # changes with the points below: weights of other points mean something else
FAST_HALF_LIVES: Final = (2.5, 6.0)  # days
SLOW_HALF_LIVES: Final = (20.0, 60.0, 200.0)  # days
FILLS: Final = ((0.25, 0.1), (0.25, 0.35), (0.55, 0.1), (0.55, 0.35))  # share that one session fills: fast, slow
REDUCTIONS: Final = (0.05, 0.3, 0.55, 0.75, 0.95)  # of the untreated level at full exposure


@dataclass(frozen=True, slots=True)
class Grid:
    """Points k. fast, slow: daily decay factors; kappa, rho: fills; reduction: E_k. All of shape (points,)."""

    fast: Floats
    slow: Floats
    kappa: Floats
    rho: Floats
    reduction: Floats

    def __len__(self) -> int:
        return len(self.fast)


def make_grid(
    fast: tuple[float, ...] = FAST_HALF_LIVES,
    slow: tuple[float, ...] = SLOW_HALF_LIVES,
    fills: tuple[tuple[float, float], ...] = FILLS,
    reductions: tuple[float, ...] = REDUCTIONS,
) -> Grid:
    """Every combination of half-lives (days), fills and reductions."""
    points = np.array([(f, s, *fill, e) for f, s, fill, e in product(fast, slow, fills, reductions)])
    return Grid(
        fast=0.5 ** (1 / points[:, 0]),
        slow=0.5 ** (1 / points[:, 1]),
        kappa=points[:, 2],
        rho=points[:, 3],
        reduction=points[:, 4],
    )
