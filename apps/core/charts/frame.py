"""The plot area: where a moment and a score come to stand, bands, grid, and lines that break at gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from apps.core.charts.figures import Band, Forecast, Variant
from apps.core.charts.svg import area, element, line, number, text

T = TypeVar("T")
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """Pixels of the plot, and what its edges mean. The y-axis is fixed from 0 to y_max: no zoom that exaggerates."""

    left: float
    right: float
    top: float
    bottom: float
    start: float
    end: float
    y_max: float

    def x(self, value: float) -> float:
        """Pixels from the left for a place in the span (seconds or days)."""
        span = self.end - self.start
        return self.left if span <= 0 else self.left + (value - self.start) / span * (self.right - self.left)

    def y(self, value: float) -> float:
        """Pixels from the top for a score. ValueError outside 0 to y_max: such a score is a fault, not a picture."""
        if not 0 <= value <= self.y_max:
            raise ValueError(f"{value} is outside the axis 0 to {self.y_max}")
        return self.bottom - value / self.y_max * (self.bottom - self.top)


def runs(items: Sequence[T], at: Callable[[T], float], limit: float) -> list[list[T]]:
    """The items in order, split where two neighbours lie further apart than the limit."""
    ordered = sorted(items, key=at)
    groups: list[list[T]] = []
    for item in ordered:
        if groups and at(item) - at(groups[-1][-1]) <= limit:
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def band_of(bands: Sequence[Band], value: float) -> int | None:
    """The index of the band that holds a value; None without bands or below the first."""
    found = [index for index, band in enumerate(sorted(bands, key=lambda band: band.start)) if band.start <= value]
    return found[-1] if found else None


def draw_bands(frame: Frame, bands: Sequence[Band], *, variant: Variant, right: float, strong: int | None) -> list[str]:
    """Tints with their words: beside the plot for clinicians, inside it for patients (the person's own band strong)."""
    ordered = sorted(bands, key=lambda band: band.start)
    soft = variant == "patient"
    parts: list[str] = []
    for index, band in enumerate(ordered):
        top = frame.y(ordered[index + 1].start) if index + 1 < len(ordered) else frame.top
        low = frame.y(band.start)
        tint = f"b{min(index * 4 // max(len(ordered) - 1, 1), 4)}"
        height = max(low - top - soft, 0)
        rounding = 4 if soft else 0
        parts.append(element("rect", tint, x=frame.left, y=top, width=right - frame.left, height=height, rx=rounding))
        words = "k" if soft and index == strong else ""
        place = frame.right + (10 if soft else 6)
        parts.append(text(band.name, place, (top + low) / 2 + 4, words))
    return parts


def draw_levels(frame: Frame, levels: Iterable[float], *, grid: bool) -> list[str]:
    """Numbers at the left, with a line across where no bands are."""
    parts: list[str] = []
    for level in levels:
        y = frame.y(level)
        if grid:
            parts.append(element("path", "gr", d=f"M{number(frame.left)} {number(y)}H{number(frame.right)}"))
        parts.append(text(number(level), frame.left - 6, y + 4, anchor="end"))
    return parts


def levels_of(bands: Sequence[Band], y_max: float) -> list[float]:
    """The scores written at the axis: where bands begin, else quarters; always both ends."""
    if bands:
        return sorted({0.0, y_max, *(band.start for band in bands)})
    return [y_max * quarter / 4 for quarter in range(5)]


def draw_forecast(frame: Frame, origin: Place, steps: Sequence[tuple[float, Forecast]]) -> list[str]:
    """A dashed line from the last answer with its 80 and 50 % range: never a line alone."""
    if not steps:
        return []
    xs = [frame.x(at) for at, _ in steps]

    def side(pick: Callable[[Forecast], float]) -> list[Place]:
        return [origin, *((x, frame.y(pick(step))) for x, (_, step) in zip(xs, steps, strict=True))]

    return [
        area(side(lambda step: step.high80), side(lambda step: step.low80), "fan2"),
        area(side(lambda step: step.high50), side(lambda step: step.low50), "fan"),
        line(side(lambda step: step.middle), "l fc"),
    ]


def upright(x: float, top: float, bottom: float, classes: str) -> str:
    """A vertical line."""
    return element("path", classes, d=f"M{number(x)} {number(top)}V{number(bottom)}")
