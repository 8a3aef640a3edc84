"""Pictures of a person's scores for staff: after each dose, and since the beginning; with their tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.charts import (
    Band,
    Curve,
    DayPoint,
    Dose,
    DoseLabels,
    Forecast,
    Point,
    Row,
    Svg,
    TrendLabels,
    Window,
    after_dose,
    table,
    trend,
)
from apps.core.charts.thin import thinned
from apps.core.days import in_words
from apps.monitoring.instruments.scales import Scale, measured, scale_of
from apps.monitoring.models import Anchor

Total = tuple[datetime, Decimal]  # when, and the total
INSTRUMENT = "phq-9"
PHQ9 = cast(Scale, scale_of(INSTRUMENT))
DAY_SECONDS = 86_400
GAP_DAYS = 16  # twice the weekly schedule, and a little
DOSES_NAMED = 3  # of the older ones only their lines
OVERLAY_DAYS = 14
BANDS = {
    "none": gettext_lazy("none"),
    "minimal": gettext_lazy("minimal"),
    "low": gettext_lazy("low"),
    "high": gettext_lazy("high"),
    "mild": gettext_lazy("mild"),
    "subthreshold": gettext_lazy("subthreshold"),
    "moderate": gettext_lazy("moderate"),
    "moderately_severe": gettext_lazy("mod. severe"),
    "substantial": gettext_lazy("substantial"),
    "severe": gettext_lazy("severe"),
    "very_severe": gettext_lazy("very severe"),
    "negative": gettext_lazy("below the cut"),
    "positive": gettext_lazy("positive screen"),
    "fair": gettext_lazy("above the cut"),
}
WHOLLY = timedelta(days=180)  # of these every answer is drawn


@dataclass(frozen=True)
class DosedCurve:
    """Every dose laid over the others. names: of the last ones; today: days since the last one, None without a dose.

    rows: (day, totals after each named dose, newest last, with gaps as ""; the range expected after the newest).
    """

    svg: Svg | None
    names: list[str]
    today: int | None
    rows: list[tuple[int, list[str], str]] = field(default_factory=list)


def band_words(code: str) -> str:
    """A band as the desk says it."""
    return str(BANDS.get(code, code))


def severity_bands(scale: Scale = PHQ9) -> list[Band]:
    """The bands or the cut-off of an instrument (clinical reference 1.2)."""
    return [Band(start, band_words(code)) for start, code in scale.bands]


def points_of(totals: Sequence[Total], zone: ZoneInfo, now: datetime, scale: Scale = PHQ9) -> list[Point]:
    """Valid totals on the scale's axis, oldest first, each with its sentence. Of years only what a picture can show."""
    shown = thinned(totals, at=lambda row: row[0], value=lambda row: float(row[1]), since=now - WHOLLY)
    found = []
    for at, total in shown:
        value = float(measured(scale.key, total))
        word = band_words(scale.band_of(value))
        day = in_words(at.astimezone(zone), "j M")
        found.append(Point(at, value, say=f"{day}: {value:g}, {word}" if word else f"{day}: {value:g}"))
    return found


def dosed_curve(
    points: Sequence[Point],
    doses: Sequence[Anchor],
    at: datetime,
    size: tuple[int, int],
    scale: Scale = PHQ9,
    *,
    expected: Sequence[Forecast] = (),
    window: Window | None = None,
) -> DosedCurve:
    """The answers after each dose, day 0 at the dose. doses: oldest first; size: width, height.

    expected: of the days after the newest dose, when it was given; window: days after it.
    """
    curves = [_after(points, doses, number, current=number == len(doses)) for number in range(1, len(doses) + 1)]
    curves = [curve for curve in curves if curve.points or (curve.current and expected)]
    if not curves or not doses:
        return DosedCurve(None, [], None)
    since = (at - doses[-1].started_at).total_seconds() / DAY_SECONDS
    labels = DoseLabels(
        title=_title(scale, expected),
        day=lambda day: f"D+{day}",
        today=_("today D+%(day)s") % {"day": int(since)},
        dose=_("dose"),
        forecast=_("expected after the last dose"),
    )
    svg = after_dose(
        curves,
        today=since,
        bands=severity_bands(scale),
        y_max=scale.top,
        width=size[0],
        height=size[1],
        gap_days=GAP_DAYS,
        labels=labels,
        days=OVERLAY_DAYS,
        expected=expected,
        window=window if window and window.start < OVERLAY_DAYS else None,
    )
    named = [curve for curve in curves if curve.name]
    return DosedCurve(svg, [curve.name for curve in named], int(since), _rows(named, expected))


def _title(scale: Scale, expected: Sequence[Forecast]) -> str:
    if expected:
        return _("%(scale)s after each dose, and the range expected after the last one") % {"scale": scale.title}
    return _("%(scale)s after each dose") % {"scale": scale.title}


def _rows(curves: Sequence[Curve], expected: Sequence[Forecast]) -> list[tuple[int, list[str], str]]:
    found = [{int(point.day): f"{point.value:g}" for point in curve.points} for curve in curves]
    ranges = {
        int(step.x): f"{step.low80:.0f}–{step.high80:.0f}" for step in expected if not isinstance(step.x, datetime)
    }
    days = sorted({day for totals in found for day in totals if day <= OVERLAY_DAYS} | set(ranges))
    return [(day, [totals.get(day, "") for totals in found], ranges.get(day, "")) for day in days]


def _after(points: Sequence[Point], doses: Sequence[Anchor], number: int, *, current: bool) -> Curve:
    start = doses[number - 1].started_at
    end = doses[number].started_at if number < len(doses) else None
    inside = [point for point in points if point.at >= start and (end is None or point.at < end)]
    days = [
        DayPoint((point.at - start).total_seconds() / DAY_SECONDS, point.value, point.say, point.flagged)
        for point in inside
    ]
    name = str(number) if number > len(doses) - DOSES_NAMED else ""
    return Curve(name, days, current=current)


def whole_curve(
    points: Sequence[Point], doses: Sequence[Anchor], at: datetime, zone: ZoneInfo, scale: Scale = PHQ9
) -> Svg | None:
    """Every answer over the calendar, with doses."""
    if not points:
        return None
    labels = TrendLabels(
        title=_("%(scale)s since the first answer") % {"scale": scale.title},
        day=lambda moment: in_words(moment.astimezone(zone), "j M"),
        today=_("today"),
        first=_("first"),
        gap=_("no answer"),
    )
    return trend(
        points,
        [Dose(dose.started_at, str(number)) for number, dose in enumerate(doses, start=1)],
        severity_bands(scale),
        at,
        y_max=scale.top,
        width=620,
        height=240,
        gap_days=GAP_DAYS,
        labels=labels,
    )


def curve_table(points: Sequence[Point], doses: Sequence[Anchor], scale: Scale = PHQ9) -> list[Row]:
    """The same facts in rows, newest first."""
    return table(points, as_doses(doses), severity_bands(scale), gap_days=GAP_DAYS)


def as_doses(doses: Sequence[Anchor]) -> list[Dose]:
    """Doses for a chart."""
    return [Dose(dose.started_at, dose.label) for dose in doses]
