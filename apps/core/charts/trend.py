"""A score over calendar time: bands, doses, gaps, today, and a forecast where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from apps.core.charts.figures import Band, Dose, Forecast, Point, TrendLabels, Variant
from apps.core.charts.frame import Frame, band_of, draw_bands, draw_forecast, draw_levels, levels_of, runs, upright
from apps.core.charts.svg import Svg, drawing, element, line, number, text, triangle

DAY = 86_400.0
STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728)


def trend(
    points: Sequence[Point],
    doses: Sequence[Dose],
    bands: Sequence[Band],
    today: datetime,
    *,
    y_max: float,
    width: float,
    height: float,
    gap_days: float,
    labels: TrendLabels,
    variant: Variant = "clinician",
    axes: bool = True,
    forecast: Sequence[Forecast] = (),
    extra_class: str = "",
) -> Svg:
    """The picture of a score over calendar time.

    The line is broken where two answers lie more than `gap_days` apart (twice the schedule: the caller knows it).
    `axes` draws numbers and dates; without it the picture is the small one of the patient's home page. A forecast
    starts at the last answer, is dashed and needs its word (`labels.forecast`). ValueError for a score outside
    0 to y_max or a forecast without its word.
    """
    if forecast and not labels.forecast:
        raise ValueError("a forecast must be named")
    soft = variant == "patient"
    frame = _frame(
        _span(points, doses, forecast, today), bands, y_max=y_max, size=(width, height), soft=soft, axes=axes
    )
    ordered = sorted(points, key=lambda point: point.at)
    strong = band_of(bands, ordered[-1].value) if ordered else None
    parts = draw_bands(frame, bands, variant=variant, right=width if soft else frame.right, strong=strong)
    if axes:
        parts += draw_levels(frame, levels_of(bands, y_max), grid=not bands) + _axis(frame, labels)
    parts += _doses(frame, doses, soft=soft)
    parts += _future(frame, ordered, forecast, labels)
    parts += _line(frame, ordered, gap_days * DAY, labels, soft=soft)
    parts += _values(frame, ordered, labels, soft=soft, below=bool(forecast))
    parts += [] if soft else _today(frame, today, doses, labels)
    classes = " ".join(filter(None, ["ch", "ch-soft" if soft else "", extra_class]))
    return drawing(parts, classes=classes, width=width, height=height, title=labels.title)


def _span(
    points: Sequence[Point], doses: Sequence[Dose], forecast: Sequence[Forecast], today: datetime
) -> tuple[datetime, datetime]:
    """From the first fact to the last; a day wide when there is only one moment."""
    moments = [point.at for point in points] + [dose.at for dose in doses] + [today]
    moments += [step.x for step in forecast if isinstance(step.x, datetime)]
    start, end = min(moments), max(moments)
    return (start - timedelta(days=1), end) if start == end else (start, end)


def _frame(
    span: tuple[datetime, datetime],
    bands: Sequence[Band],
    *,
    y_max: float,
    size: tuple[float, float],
    soft: bool,
    axes: bool,
) -> Frame:
    width, height = size
    letter = 7.4 if soft else 6.2  # px; the person's own band is written bold
    words = max((len(band.name) for band in bands), default=0) * letter + 12
    right = width - (words + 12 if soft and bands else words if bands else 12)
    # inside the tints a little air, so that the first and the last mark are not cut
    air = (span[1] - span[0]).total_seconds() * (0.03 if soft and bands else 0)
    left, bottom = (30, height - 20) if axes else (0, height - 5)
    return Frame(left, right, 16, bottom, span[0].timestamp() - air, span[1].timestamp() + air, y_max)


def _axis(frame: Frame, labels: TrendLabels) -> list[str]:
    parts = [element("path", "ax", d=f"M{number(frame.left)} {number(frame.bottom)}H{number(frame.right)}")]
    for moment in _ticks(frame):
        x = frame.x(moment.timestamp())
        parts.append(upright(x, frame.bottom, frame.bottom + 4, "gr"))
        anchor = "start" if x - frame.left < 12 else "middle"
        parts.append(text(labels.day(moment), x, frame.bottom + 16, anchor=anchor))
    return parts


def _ticks(frame: Frame) -> list[datetime]:
    """A handful of evenly spaced moments from the first one, in UTC; the caller's `day` brings them to its zone."""
    days = (frame.end - frame.start) / DAY
    room = max(int((frame.right - frame.left) // 76), 1)
    step = next((step for step in STEPS if days / step <= room), STEPS[-1])
    return [datetime.fromtimestamp(frame.start + n * step * DAY, UTC) for n in range(int(days // step) + 1)]


def _doses(frame: Frame, doses: Sequence[Dose], *, soft: bool) -> list[str]:
    parts: list[str] = []
    free = float("-inf")
    for dose in sorted(doses, key=lambda dose: dose.at):
        x = frame.x(dose.at.timestamp())
        mark = "dose plan" if dose.planned else "dose"
        if soft:
            parts += [upright(x, frame.top, frame.bottom, "dl"), triangle(x, frame.top - 11, 4.5, 8, mark)]
            continue
        parts += [upright(x, frame.top, frame.bottom, "dl"), triangle(x, frame.bottom - 9, 5, 9, mark)]
        if dose.label and x >= free:
            parts.append(text(dose.label, x, frame.top - 5, "dz", "middle"))
            free = x + 7 * len(dose.label) + 5
    return parts


def _line(frame: Frame, ordered: Sequence[Point], limit: float, labels: TrendLabels, *, soft: bool) -> list[str]:
    parts: list[str] = []
    groups = runs(ordered, lambda point: point.at.timestamp(), limit)
    for group in groups:
        parts.append(line([_place(frame, point) for point in group], "l"))
    for before, after in pairwise(groups):
        parts.append(_gap(frame, before[-1], after[0], labels.gap))
    for point in ordered:
        parts.append(_mark(frame, point, last=point is ordered[-1], soft=soft))
    return parts


def _place(frame: Frame, point: Point) -> tuple[float, float]:
    return frame.x(point.at.timestamp()), frame.y(point.value)


def _mark(frame: Frame, point: Point, *, last: bool, soft: bool) -> str:
    x, y = _place(frame, point)
    classes = "pt bad" if point.flagged else "pt f" if last or soft else "pt"
    radius = (6.0 if soft else 4.0) if last else 3.2 if soft else 2.6
    told = {"data_point": "", "data_say": point.say} if point.say else {}
    return element("circle", classes, cx=x, cy=y, r=radius, **told)


def _gap(frame: Frame, before: Point, after: Point, word: str) -> str:
    """The word for missing answers, where the space is wide enough to hold it."""
    (x1, y1), (x2, y2) = _place(frame, before), _place(frame, after)
    if x2 - x1 < 6 * len(word) + 8:
        return ""
    return text(word, (x1 + x2) / 2, (y1 + y2) / 2 + 4, "halo", "middle")


def _values(frame: Frame, ordered: Sequence[Point], labels: TrendLabels, *, soft: bool, below: bool) -> list[str]:
    """The first and the last score in figures; one of them is enough when there is only one."""
    if not ordered:
        return []
    last = ordered[-1]
    x, y = _place(frame, last)
    under = below or y - 10 <= frame.top + 6
    shown = text(number(last.value), x, y + 18 if under else y - 10, f"{_value_class(last)} halo", "middle")
    if len(ordered) == 1:
        return [shown]
    x, y = _place(frame, ordered[0])
    words = labels.first or number(ordered[0].value)
    return [text(words, x + 8, y - 5 if y - 5 > frame.top + 6 else y + 14, "k" if soft else "ti"), shown]


def _value_class(point: Point) -> str:
    return "bad" if point.flagged else "cv"


def _future(frame: Frame, ordered: Sequence[Point], forecast: Sequence[Forecast], labels: TrendLabels) -> list[str]:
    if not ordered or not forecast:
        return []
    steps = sorted(
        ((step.x.timestamp(), step) for step in forecast if isinstance(step.x, datetime)), key=lambda step: step[0]
    )
    parts = draw_forecast(frame, _place(frame, ordered[-1]), steps)
    return [*parts, text(labels.forecast, frame.right - 4, frame.top + 12, "cv", "end")]


def _today(frame: Frame, today: datetime, doses: Sequence[Dose], labels: TrendLabels) -> list[str]:
    """The word stands over the plot, or inside it where the number of a dose stands there already."""
    x = frame.x(today.timestamp())
    near_end = x > frame.right - 60
    reach = 7 * len(labels.today) + 14
    left, right = (x - reach, x + 8) if near_end else (x - 8, x + reach)
    crowded = any(dose.label and left <= frame.x(dose.at.timestamp()) <= right for dose in doses)
    place = (x - 4 if crowded else x, "end") if near_end else (x + 4, "start")
    return [
        upright(x, frame.top - 2, frame.bottom, "now"),
        text(labels.today, place[0], frame.top + 12 if crowded else frame.top - 5, "ti halo", place[1]),
    ]
