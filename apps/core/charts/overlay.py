"""Answers after each dose laid over each other, day 0 at the dose: how long does the effect hold?"""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.charts.figures import Band, Curve, DayPoint, DoseLabels, Forecast, Variant, Window
from apps.core.charts.frame import Frame, draw_bands, draw_forecast, draw_levels, levels_of, runs, upright
from apps.core.charts.svg import Svg, drawing, element, line, number, text, triangle

SOFT_SERIES = ("", " c2", " c3")


def after_dose(
    curves: Sequence[Curve],
    *,
    today: float | None,
    bands: Sequence[Band],
    y_max: float,
    width: float,
    height: float,
    gap_days: float,
    labels: DoseLabels,
    days: int = 14,
    variant: Variant = "clinician",
    forecast: Sequence[Forecast] = (),
    expected: Sequence[Forecast] = (),
    window: Window | None = None,
    extra_class: str = "",
) -> Svg:
    """Curves over the days after a dose. `curves` runs from the oldest to the newest; `today` is today's day number.

    `expected`: what was expected of these days when the newest dose was given, as a band under its answers.

    A person's own view tells the last three apart by marker (disc, square, diamond) as well as by colour. Answers later
    than `days` are left out. ValueError for a score outside 0 to y_max or a forecast without its word.
    """
    if (forecast or expected) and not labels.forecast:
        raise ValueError("a forecast must be named")
    soft = variant == "patient"
    frame = _frame(width, height, days, y_max, bands, soft=soft)
    shown = [_within(curve, days) for curve in curves]
    parts = draw_bands(frame, bands, variant="clinician", right=frame.right, strong=None)
    parts += draw_levels(frame, levels_of(bands, y_max), grid=not bands)
    parts += _window(frame, window) + _axis(frame, days, labels)
    parts += _dose(frame, labels, soft=soft)
    parts += _expected(frame, expected, labels) + _future(frame, shown, forecast, labels)
    draw = _soft_curves if soft else _curves
    parts += draw(frame, shown, gap_days, below=bool(forecast))
    parts += _today(frame, today, days, labels, soft=soft)
    classes = " ".join(filter(None, ["ch", "ch-soft" if soft else "", extra_class]))
    return drawing(parts, classes=classes, width=width, height=height, title=labels.title)


def _frame(width: float, height: float, days: int, y_max: float, bands: Sequence[Band], *, soft: bool) -> Frame:
    room = max((len(band.name) for band in bands), default=8) * 6.2 + 8
    return Frame(40 if soft else 30, width - room, 42 if soft else 16, height - (46 if soft else 30), 0, days, y_max)


def _within(curve: Curve, days: int) -> Curve:
    inside = sorted((point for point in curve.points if 0 <= point.day <= days), key=lambda point: point.day)
    return Curve(curve.name, inside, curve.current)


def _axis(frame: Frame, days: int, labels: DoseLabels) -> list[str]:
    parts = [element("path", "ax", d=f"M{number(frame.left)} {number(frame.bottom)}H{number(frame.right)}")]
    parts += [upright(frame.x(day), frame.bottom, frame.bottom + 4, "gr") for day in range(days + 1)]
    room = (frame.right - frame.left) / days
    step = next((step for step in (1, 2, 7, 14) if step * room >= 44), 14)
    for day in range(0, days + 1, step):
        parts.append(text(labels.day(day), frame.x(day), frame.bottom + 16, anchor="middle"))
    return parts


def _dose(frame: Frame, labels: DoseLabels, *, soft: bool) -> list[str]:
    x, end = frame.left, frame.right
    if not soft:
        return [upright(x, frame.top, frame.bottom, "dl"), triangle(x, frame.bottom - 9, 5, 9)]
    parts = [upright(x, frame.top, frame.bottom, "dl"), triangle(x, frame.top - 14, 5.5, 10)]
    parts += [text(labels.dose, x + 10, frame.top - 6, "dz")]
    if labels.next_dose:
        parts += [upright(end, frame.top, frame.bottom, "dl"), triangle(end, frame.top - 14, 5.5, 10, "dose plan")]
        parts += [text(labels.next_dose, end - 10, frame.top - 6, "dz", "end")]
    parts += [text(labels.best, x + 10, frame.top + 16), text(labels.worst, x + 10, frame.bottom - 7)]
    return parts


def _window(frame: Frame, window: Window | None) -> list[str]:
    if window is None:
        return []
    x1, x2 = frame.x(max(window.start, frame.start)), frame.x(min(window.end, frame.end))
    middle = (x1 + x2) / 2
    return [
        element("rect", "win", x=x1, y=frame.top, width=max(x2 - x1, 0), height=frame.bottom - frame.top),
        upright(x1, frame.top, frame.bottom, "winl"),
        upright(x2, frame.top, frame.bottom, "winl"),
        text(window.label, middle, frame.top + 12, "dz", "middle"),
        text(window.detail, middle, frame.top + 26, "dz", "middle"),
    ]


def _place(frame: Frame, point: DayPoint) -> tuple[float, float]:
    return frame.x(point.day), frame.y(point.value)


def _strokes(frame: Frame, curve: Curve, gap_days: float, classes: str) -> list[str]:
    groups = runs(curve.points, lambda point: point.day, gap_days)
    return [line([_place(frame, point) for point in group], classes) for group in groups]


def _curves(frame: Frame, curves: Sequence[Curve], gap_days: float, *, below: bool) -> list[str]:
    parts: list[str] = []
    ends: list[tuple[float, float, str, str]] = []
    for curve in sorted(curves, key=lambda curve: curve.current):
        parts += _strokes(frame, curve, gap_days, "l" if curve.current else "l old")
        parts += [_mark(frame, curve, point) for point in curve.points]
        if curve.points:
            x, y = _place(frame, curve.points[-1])
            words = number(curve.points[-1].value) if curve.current else curve.name
            if not words:
                continue  # one of many older ones
            tone = "bad" if curve.points[-1].flagged else "cv" if curve.current else ""
            beside = (x - 4, y + 19) if curve.current and below else (x + (9 if curve.current else 5), y + 4)
            ends.append((*beside, words, tone))
    return parts + _apart(ends)


def _mark(frame: Frame, curve: Curve, point: DayPoint) -> str:
    x, y = _place(frame, point)
    told = {"data_point": "", "data_say": point.say} if point.say else {}
    if not curve.current:
        return element("circle", "pt old", cx=x, cy=y, r=1.8, **told)
    last = point is curve.points[-1]
    classes = "pt bad" if point.flagged else "pt f" if last else "pt"
    return element("circle", classes, cx=x, cy=y, r=4.5 if last else 3.2, **told)


def _soft_curves(frame: Frame, curves: Sequence[Curve], gap_days: float, *, below: bool) -> list[str]:
    """The last three, newest on top; the marker tells them apart where colour does not."""
    newest_first = list(reversed(curves))[: len(SOFT_SERIES)]
    parts: list[str] = []
    ends: list[tuple[float, float, str, str]] = []
    for rank in range(len(newest_first) - 1, -1, -1):
        curve, series = newest_first[rank], SOFT_SERIES[rank]
        parts += _strokes(frame, curve, gap_days, f"l{series}")
        parts += [_soft_mark(frame, point, rank, last=point is curve.points[-1]) for point in curve.points]
        if curve.points and rank:
            x, y = _place(frame, curve.points[-1])
            ends.append((x + 9, y + 4, curve.name, series.strip()))
        elif curve.points:
            parts.append(_above(frame, curve, below=below))
    return parts + _apart(ends)


def _above(frame: Frame, curve: Curve, *, below: bool) -> str:
    """The newest curve's name over its middle, or under it where a forecast needs the room."""
    places = [_place(frame, point) for point in curve.points]
    middle = max((places[0][0] + places[-1][0]) / 2, frame.left + len(curve.name) * 3.8 + 4)
    y = max(y for _, y in places) + 22 if below else max(min(y for _, y in places) - 12, frame.top + 30)
    return text(curve.name, middle, y, "cv", "middle")


def marker(rank: int) -> Svg:
    """The mark of a series for a legend: 0 the newest (disc), 1 (square), 2 (diamond)."""
    frame = Frame(0, 30, 0, 14, 0, 30, 14)
    sample = DayPoint(15, 7)
    parts = [line([(0, 7), (30, 7)], f"l{SOFT_SERIES[rank]}"), _soft_mark(frame, sample, rank, last=False)]
    head = '<svg class="ch-soft ch-key" viewBox="0 0 30 14" aria-hidden="true">'
    return Svg(head + "".join(parts) + "</svg>")


def _soft_mark(frame: Frame, point: DayPoint, rank: int, *, last: bool) -> str:
    x, y = _place(frame, point)
    classes = f"pt{SOFT_SERIES[rank]}"
    told = {"data_point": "", "data_say": point.say} if point.say else {}
    if rank == 0:
        return element("circle", classes, cx=x, cy=y, r=6 if last else 4.6, **told)
    if rank == 1:
        return element("rect", classes, x=x - 3, y=y - 3, width=6, height=6, **told)
    return element("path", classes, d=f"M{number(x)} {number(y - 4.3)}l4.3 4.3-4.3 4.3-4.3-4.3z", **told)


def _apart(ends: Sequence[tuple[float, float, str, str]]) -> list[str]:
    """Names at the ends of lines, moved down where two would lie on each other."""
    parts: list[str] = []
    taken: list[tuple[float, float]] = []
    for x, y, words, tone in sorted(ends, key=lambda end: end[1]):
        while any(abs(y - other_y) < 13 and abs(x - other_x) < 60 for other_x, other_y in taken):
            y += 2
        taken.append((x, y))
        parts.append(text(words, x, y, tone))
    return parts


def _future(frame: Frame, curves: Sequence[Curve], forecast: Sequence[Forecast], labels: DoseLabels) -> list[str]:
    running = [curve for curve in curves if curve.current and curve.points]
    if not running or not forecast:
        return []
    steps = sorted(
        (
            (float(step.x), step)
            for step in forecast
            if isinstance(step.x, int | float) and frame.start <= step.x <= frame.end
        ),
        key=lambda step: step[0],
    )
    parts = draw_forecast(frame, _place(frame, running[-1].points[-1]), steps)
    return [*parts, text(labels.forecast, frame.right - 4, frame.bottom - 6, "cv", "end")]


def _expected(frame: Frame, expected: Sequence[Forecast], labels: DoseLabels) -> list[str]:
    inside = [(float(step.x), step) for step in expected if isinstance(step.x, int | float) and step.x <= frame.end]
    if not inside:
        return []
    first = min(inside, key=lambda step: step[0])
    parts = draw_forecast(
        frame, (frame.x(first[0]), frame.y(first[1].middle)), sorted(inside, key=lambda step: step[0])
    )
    return [*parts, text(labels.forecast, frame.right - 4, frame.bottom - 6, "cv", "end")]


def _today(frame: Frame, today: float | None, days: int, labels: DoseLabels, *, soft: bool) -> list[str]:
    if today is None or not 0 <= today <= days:
        return []
    x = frame.x(today)
    if soft:
        return [
            upright(x, frame.bottom, frame.bottom + 6, "now"),
            text(labels.today, x, frame.bottom + 32, "k", "middle"),
        ]
    return [upright(x, frame.top - 2, frame.bottom, "now"), text(labels.today, x, frame.top - 5, "ti", "middle")]
