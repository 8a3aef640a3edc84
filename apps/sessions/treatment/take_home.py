"""Medicine that is taken at home: how much should be there, and what is worth a conversation. Pure.

Never a punishment: each code is a reason to talk, with the numbers beside it (clinical.md 1.2 misuse, 2.8). The cut points
are product defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Supply:
    """What was handed out. units: tablets or troches; days: how long they should last."""

    on: date
    units: int
    days: int


@dataclass(frozen=True, slots=True)
class Count:
    """What the person counted. lost: they say that some were lost."""

    on: date
    units: int
    lost: int = 0


@dataclass(frozen=True, slots=True)
class TakeHomeLimits:
    """percent: how far use may run ahead of the plan; early_days: how much earlier a new supply may be asked for."""

    percent: int = 25
    early_days: int = 3


DEFAULT_TAKE_HOME = TakeHomeLimits()


def expected(supply: Supply, today: date) -> int:
    """Units that should be left on that day, taken evenly."""
    gone = min(max((today - supply.on).days, 0), supply.days)
    return supply.units - round(supply.units * gone / supply.days)


def to_talk_about(
    supplies: Sequence[Supply], count: Count | None, today: date, limits: TakeHomeLimits = DEFAULT_TAKE_HOME
) -> tuple[str, ...]:
    """Codes: more_used, lost, early_refill. supplies oldest first; count: the newest since the last supply."""
    found = []
    if count is not None and supplies and count.on >= supplies[-1].on:
        last = supplies[-1]
        planned = last.units - expected(last, count.on)
        used = last.units - count.units - count.lost
        if used > planned * (1 + limits.percent / 100) and used - planned > 1:
            found.append("more_used")
        if count.lost:
            found.append("lost")
    if len(supplies) > 1:
        before, last = supplies[-2], supplies[-1]
        if before.days - (last.on - before.on).days > limits.early_days and last.on <= today:
            found.append("early_refill")
    return tuple(found)
