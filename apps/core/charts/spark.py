"""The small line of a worklist row: the last days, doses below, and a dotted end when somebody fell silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.core.charts.figures import Dose, Point
from apps.core.charts.frame import Frame, runs
from apps.core.charts.svg import Svg, drawing, element, line, number, triangle

DAY = 86_400.0

FEW = 3  # answers in the window that each get a dot: two weekly scores must read as two


def sparkline(
    points: Sequence[Point],
    doses: Sequence[Dose],
    *,
    start: datetime,
    end: datetime,
    y_max: float,
    gap_days: float,
    title: str,
    width: float = 66,
    height: float = 30,
) -> Svg:
    """The scores between two moments on the fixed axis 0 to y_max; the last one is a dot, and so are few before it.

    The line comes in from the left where the answer before the window is not further off than `gap_days`. When the last answer is more than `gap_days` before the end, a dotted line runs on to the end.
    """
    frame = Frame(3, width - 3, 4, height - 9, start.timestamp(), end.timestamp(), y_max)
    inside = sorted((point for point in points if start <= point.at <= end), key=lambda point: point.at)
    floor = height - 3.5
    parts = [element("path", "base", d=f"M3 {number(floor)}H{number(width - 3)}")]
    parts += [
        triangle(frame.x(dose.at.timestamp()), height - 7, 3, 6) for dose in _in_order(doses) if start <= dose.at <= end
    ]
    entry = _entry(points, inside, start, gap_days)
    for group in runs([*entry, *inside], lambda point: point.at.timestamp(), gap_days * DAY):
        parts.append(line([_place(frame, point) for point in group], "l"))
        if len(group) == 1 or len(inside) <= FEW:
            parts += [_dot(frame, point, 1.6) for point in group if point not in entry and point is not inside[-1]]
    if inside:
        parts.append(_silence(frame, inside[-1], end, gap_days))
        parts.append(_dot(frame, inside[-1], 2.6))
    return drawing(parts, classes="sp", width=width, height=height, title=title)


def _entry(points: Sequence[Point], inside: Sequence[Point], start: datetime, gap_days: float) -> list[Point]:
    """Where the line from the answer before the window crosses its start; nothing after a gap."""
    before = max((point for point in points if point.at < start), key=lambda point: point.at, default=None)
    if before is None or not inside or (inside[0].at - before.at).total_seconds() > gap_days * DAY:
        return []
    share = (start - before.at) / (inside[0].at - before.at)
    return [Point(start, before.value + share * (inside[0].value - before.value))]


def _in_order(doses: Sequence[Dose]) -> list[Dose]:
    return sorted(doses, key=lambda dose: dose.at)


def _place(frame: Frame, point: Point) -> tuple[float, float]:
    return frame.x(point.at.timestamp()), frame.y(point.value)


def _dot(frame: Frame, point: Point, radius: float) -> str:
    x, y = _place(frame, point)
    return element("circle", "pt bad" if point.flagged else "pt f", cx=x, cy=y, r=radius)


def _silence(frame: Frame, last: Point, end: datetime, gap_days: float) -> str:
    if (end - last.at).total_seconds() <= gap_days * DAY:
        return ""
    x, y = _place(frame, last)
    return element("path", "gap", d=f"M{number(x)} {number(y)}H{number(frame.right)}")
