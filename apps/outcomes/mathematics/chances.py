"""Whether probabilities are kept: what was said against what came, and a sequential test that switches them off.

Three CUSUMs of log-likelihood ratios: the odds are in truth higher, or lower, by a factor of e, or what was said was too
sure of itself (half the log-odds). One forecast of a person in two weeks is tested, so that two never ask about the same
days, at most WEEKLY in a week; a person's further ones count for less. LIMIT is set by simulation (docs/forecasting.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Floats
from apps.outcomes.mathematics.selftest import ALIKE, WEEKLY

SHIFT: Final = 1.0  # of the log-odds
FLATTER: Final = 0.5  # of the log-odds is left
LIMIT: Final = 9.0
APART: Final = 14  # days between two tested forecasts of one person
SUREST: Final = 0.02  # what is said beyond counts as this, or the first surprise would switch it off
GROUP: Final = 10  # forecasts at least in a group, to compare what was said with what came
GROUPS: Final = 8
OWN: Final = 0.42  # deviation of people's log-odds in the simulation: two answers of one correlate by about ALIKE


@dataclass(frozen=True, slots=True)
class Said:
    """One probability and what came. day: any number that counts days."""

    person: str
    day: int
    chance: float
    came: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """said, came: means over the tested ones; error: mean gap between both in groups; broken_at as in SelfTest."""

    tested: int
    said: float | None
    came: float | None
    error: float | None
    broken_at: int | None


def admitted(rows: Iterable[Said]) -> list[Said]:
    """Those that the test takes, in order."""
    taken: list[Said] = []
    newest: dict[str, int] = {}
    in_week: dict[int, int] = {}
    for row in rows:
        week = row.day // 7
        if row.day - newest.get(row.person, row.day - APART) >= APART and in_week.get(week, 0) < WEEKLY:
            newest[row.person] = row.day
            in_week[week] = in_week.get(week, 0) + 1
            taken.append(row)
    return taken


def kept(rows: Iterable[Said], limit: float = LIMIT) -> Kept:
    """Run the test over probabilities in the order in which their day came."""
    taken = admitted(rows)
    if not taken:
        return Kept(0, None, None, None, None)
    said, came = np.array([row.chance for row in taken]), np.array([row.came for row in taken], dtype=float)
    return Kept(len(taken), float(said.mean()), float(came.mean()), _error(said, came), _broken_at(taken, limit))


def _broken_at(taken: Iterable[Said], limit: float) -> int | None:
    levels, earlier = np.zeros(3), dict[str, int]()
    for number, row in enumerate(taken, start=1):
        before = earlier.get(row.person, 0)
        levels = np.maximum(0.0, levels + np.array(evidence(row.chance, came=row.came)) / (1 + before * ALIKE))
        earlier[row.person] = before + 1
        if levels.max() >= limit:
            return number
    return None


def evidence(chance: float, *, came: bool) -> tuple[float, float, float]:
    """Log-likelihood ratios of one answer: odds higher, odds lower, said too surely."""
    chance = min(max(chance, SUREST), 1 - SUREST)
    odds = log(chance / (1 - chance))
    others = (1 / (1 + exp(-each)) for each in (odds + SHIFT, odds - SHIFT, FLATTER * odds))
    high, low, flat = (log(each / chance) if came else log((1 - each) / (1 - chance)) for each in others)
    return high, low, flat


def _error(said: Floats, came: Floats) -> float | None:
    """Mean gap between said and came, in groups of like probability; None while there are too few for two groups."""
    groups = min(GROUPS, len(said) // GROUP)
    if groups < 2:
        return None
    parts: Sequence[Floats] = np.array_split(np.argsort(said, kind="stable"), groups)
    return float(sum(len(part) * abs(said[part].mean() - came[part].mean()) for part in parts) / len(said))


def simulate(
    shift: float, forecasts: int, runs: int, seed: int, *, steep: float = 1.0, limit: float = LIMIT, people: int = 60
) -> Floats:
    """In how many tested probabilities it switched off, (runs,), infinity where not.

    shift, steep: the true log-odds are steep times those said, plus shift. Probabilities as relapses have them; people
    differ.
    """
    rng = np.random.default_rng(seed)
    found = np.full(runs, np.inf)
    for run in range(runs):
        who = (np.arange(forecasts) // 150) * 10 + rng.integers(0, people, forecasts)
        said = rng.beta(1.2, 3.0, forecasts).clip(0.01, 0.99)
        own = rng.normal(0, OWN, who.max() + 1)
        true = 1 / (1 + np.exp(-(steep * np.log(said / (1 - said)) + shift + own[who])))
        came = rng.random(forecasts) < true
        rows = (Said(str(who[n]), n, float(said[n]), bool(came[n])) for n in range(forecasts))
        broken = _broken_at(rows, limit)
        found[run] = np.inf if broken is None else broken
    return found
