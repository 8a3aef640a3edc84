"""What goes into a chart. Moments are aware datetimes; values are scores in the instrument's own units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Variant = Literal["clinician", "patient"]


@dataclass(frozen=True, slots=True)
class Point:
    """One answer. `say` is its sentence for arrow keys ("23 Nov: 8, mild"); `flagged` draws it as a warning."""

    at: datetime
    value: float
    say: str = ""
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Dose:
    """One dosing session: a triangle and a dashed line. A planned one is an open triangle."""

    at: datetime
    label: str = ""
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A severity band from `start` up to the next band: a tint and a word, never a colour alone."""

    start: float
    name: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """A future moment with its middle, 50 and 80 % range. `x` is a moment (trend) or days after the dose (overlay)."""

    x: datetime | float
    middle: float
    low50: float
    high50: float
    low80: float
    high80: float


@dataclass(frozen=True, slots=True)
class DayPoint:
    """One answer, so many days after the dose."""

    day: float
    value: float
    say: str = ""
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """The answers after one dose. `current` is the one that is running now, drawn strongest."""

    name: str
    points: Sequence[DayPoint]
    current: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A shaded span of days after the dose, for instance the maintenance window."""

    start: float
    end: float
    label: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TrendLabels:
    """Words of a trend, translated. `day` writes a moment for the axis ("23 Nov") in the reader's zone."""

    title: str
    day: Callable[[datetime], str]
    today: str = ""
    first: str = ""
    gap: str = ""
    forecast: str = ""


@dataclass(frozen=True, slots=True)
class DoseLabels:
    """Words of a dose-anchored overlay, translated. `day` writes a day number for the axis ("D+7")."""

    title: str
    day: Callable[[int], str]
    today: str = ""
    dose: str = ""
    next_dose: str = ""
    best: str = ""
    worst: str = ""
    forecast: str = ""
