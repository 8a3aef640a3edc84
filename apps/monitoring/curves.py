"""A person's scores and moods as charts, tables and sentences, in their own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.charts import (
    Band,
    Curve,
    DayPoint,
    Dose,
    DoseLabels,
    Point,
    Row,
    Svg,
    TrendLabels,
    after_dose,
    table,
    trend,
)
from apps.core.charts.thin import thinned
from apps.core.days import in_words
from apps.monitoring.instruments.depression import PHQ9_BANDS
from apps.monitoring.instruments.scales import change_of
from apps.monitoring.models import Anchor, Assignment, Observation, QuestionnaireResponse
from apps.monitoring.moods import MOOD
from apps.patients.models import Patient

SCORE = "phq-9"
HIGHEST = 27
DAY = timedelta(days=1)
GAPS = {"daily": 2.0, "weekly": 14.0, "once": 60.0, "anchored": 16.0}
OVERLAY_DAYS = 14
OVERLAY_DOSES = 3
ENOUGH_TO_TELL = 3
WHOLLY = timedelta(days=180)  # of these every answer is drawn
COLUMNS = ("clinic", "patient", "authored_at", "total", "severity", "answers")


def band_names() -> dict[str, str]:
    """The severity bands of the PHQ-9 as a person reads them."""
    return {
        "minimal": _("Minimal"),
        "mild": _("Mild"),
        "moderate": _("Moderate"),
        "moderately_severe": _("Moderately severe"),
        "severe": _("Severe"),
    }


def bands() -> list[Band]:
    """Each band from where it starts."""
    names = band_names()
    starts = [0, *(upper + 1 for upper, _name in PHQ9_BANDS[:-1])]
    return [Band(start, names[name]) for start, (_upper, name) in zip(starts, PHQ9_BANDS, strict=True)]


@dataclass(frozen=True)
class Scores:
    """The PHQ-9 totals of a person, oldest first, with their doses."""

    responses: list[QuestionnaireResponse]
    doses: list[Anchor]
    zone: ZoneInfo
    gap_days: float

    @property
    def newest(self) -> QuestionnaireResponse | None:
        """The last score."""
        return self.responses[-1] if self.responses else None

    @property
    def before_treatment(self) -> QuestionnaireResponse | None:
        """The last score before the first session, else the first one."""
        if not self.responses or not self.doses:
            return self.responses[0] if self.responses else None
        earlier = [row for row in self.responses if row.authored_at < self.doses[0].started_at]
        return earlier[-1] if earlier else self.responses[0]

    @cached_property
    def points(self) -> list[Point]:
        """Each score with its sentence for arrow keys."""
        names = band_names()
        shown = thinned(
            self.responses,
            at=lambda row: row.authored_at,
            value=lambda row: float(row.total or 0),
            since=clock.now() - WHOLLY,
        )
        return [
            Point(
                row.authored_at,
                float(row.total or 0),
                f"{short_day(row.authored_at, self.zone)}: {row.total:.0f}, {names.get(row.severity, '')}",
            )
            for row in shown
        ]


def scores_of(patient: Patient, *, since: datetime | None = None) -> Scores:
    """The person's scores from that moment on, or all."""
    rows = QuestionnaireResponse.objects.known().filter(
        patient=patient, questionnaire__key=SCORE, total__isnull=False, valid=True
    )
    doses = Anchor.objects.known().filter(patient=patient, kind="dose").order_by("started_at")
    if since is not None:
        rows, doses = rows.filter(authored_at__gte=since), doses.filter(started_at__gte=since)
    rhythm = Assignment.objects.filter(patient=patient, questionnaire__key=SCORE, status="active").first()
    gap = GAPS.get(rhythm.rhythm, GAPS["weekly"]) * rhythm.every if rhythm else GAPS["weekly"]
    return Scores(list(rows.only(*COLUMNS).order_by("authored_at")), list(doses), clock.zone_of(patient.time_zone), gap)


def short_day(at: datetime, zone: ZoneInfo) -> str:
    """23 Nov, in that zone."""
    return in_words(at.astimezone(zone), "j M").replace(" ", "\u00a0")


def draw_scores(scores: Scores, *, axes: bool, width: float, height: float, extra_class: str) -> Svg:
    """The scores over time: fixed axis 0-27, bands with words, a triangle a session, a gap where answers miss."""
    labels = TrendLabels(
        title=score_sentence(scores),
        day=lambda at: short_day(at, scores.zone),
        today=_("today"),
        gap=_("no answers"),
    )
    return trend(
        scores.points,
        [Dose(dose.started_at, dose.label) for dose in scores.doses],
        bands(),
        clock.now(),
        y_max=HIGHEST,
        width=width,
        height=height,
        gap_days=scores.gap_days,
        labels=labels,
        variant="patient",
        axes=axes,
        extra_class=extra_class,
    )


def score_table(scores: Scores) -> list[Row]:
    """The same facts in rows, newest first."""
    doses = [Dose(dose.started_at, dose.label) for dose in scores.doses]
    return table(scores.points, doses, bands(), gap_days=scores.gap_days)


def score_sentence(scores: Scores) -> str:
    """ "PHQ-9 of 8 on Mon 23 Nov. It was 19, moderately severe, before your first session." """
    newest, before = scores.newest, scores.before_treatment
    if newest is None or before is None:
        return ""
    day = formats.date_format(newest.authored_at.astimezone(scores.zone).date(), "D j M")
    now = _("PHQ-9 of %(total).0f on %(day)s.") % {"total": newest.total, "day": day}
    if before.pk == newest.pk:
        return now
    words = {"total": before.total, "band": band_names().get(before.severity, "").lower()}
    if scores.doses:
        return now + " " + _("It was %(total).0f, %(band)s, before your first session.") % words
    return now + " " + _("It was %(total).0f, %(band)s, at the start.") % words


def change_words(scores: Scores) -> str:
    """What the change since before treatment means, as the source defines it, in plain words; "" without two scores."""
    newest, before = scores.newest, scores.before_treatment
    if newest is None or before is None or newest.pk == before.pk:
        return ""
    found = change_of(SCORE, before.total, newest.total)
    if found is None or found.meaningful_change is None:
        return ""
    points = abs((newest.total or 0) - (before.total or 0))
    words = {
        "improved": _("That is %(points).0f points lower: a real improvement."),
        "worsened": _("That is %(points).0f points higher: a real change, and your team sees it too."),
        "none": _("That is less than 6 points of change: about the same."),
    }
    said = words[found.meaningful_change] % {"points": points}
    if found.remission:
        return said + " " + _("It is now below 5, where few symptoms are left.")
    return said + " " + _("Your score has halved or better.") if found.response else said


@dataclass(frozen=True, slots=True)
class Moods:
    """A curve for each of the last sessions, oldest first, and when the last one was."""

    last_dose_at: datetime
    curves: list[Curve]


@dataclass(frozen=True, slots=True)
class AfterDose:
    """The days after the last three sessions. rows: day -> words for each session, newest first."""

    svg: Svg
    names: list[str]
    rows: list[tuple[int, list[str]]]
    sentence: str


def moods_after_doses(patient: Patient, doses: Sequence[Anchor]) -> Moods | None:
    """Own moods (0-100, never banded) from each of the last sessions to day 14; None without one. doses: oldest first."""
    if not doses:
        return None
    zone, last = clock.zone_of(patient.time_zone), doses[-OVERLAY_DOSES:]
    until = last[-1].started_at + OVERLAY_DAYS * DAY
    rows = Observation.objects.known().filter(
        patient=patient, code=MOOD, effective_at__gte=last[0].started_at, effective_at__lt=until
    )
    values = list(rows.order_by("effective_at").values_list("effective_at", "value"))
    ends = [*(dose.started_at for dose in last[1:]), None]
    curves = [
        _curve(dose.started_at, end, values, zone, current=dose is last[-1])
        for dose, end in zip(last, ends, strict=True)
    ]
    return Moods(last[-1].started_at, curves)


def draw_moods(moods: Moods, *, width: float, height: float) -> AfterDose:
    """The curves laid over each other, as a chart, rows and a sentence."""
    curves = moods.curves
    today = (clock.now() - moods.last_dose_at) / DAY
    labels = DoseLabels(
        title=_("Your mood in the 14 days after each session"),
        day=str,
        today=_("today"),
        dose=_("Session"),
        best=_("Best I can imagine"),
        worst=_("Worst I can imagine"),
    )
    svg = after_dose(
        curves,
        today=today,
        bands=[],
        y_max=100,
        width=width,
        height=height,
        gap_days=2,
        labels=labels,
        days=OVERLAY_DAYS,
        variant="patient",
    )
    newest_first = list(reversed(curves))
    names = [curve.name for curve in newest_first]
    return AfterDose(svg, names, _rows(newest_first, today), _mood_sentence(newest_first[0]))


def _curve(
    start: datetime, following: datetime | None, moods: Sequence[tuple[datetime, Any]], zone: ZoneInfo, *, current: bool
) -> Curve:
    end = min(start + OVERLAY_DAYS * DAY, following or datetime.max.replace(tzinfo=UTC))
    points = [
        DayPoint((at - start) / DAY, float(value), f"{short_day(at, zone)}: {value:.0f}")
        for at, value in moods
        if start <= at < end
    ]
    return Curve(short_day(start, zone), points, current)


def _rows(curves: list[Curve], today: float) -> list[tuple[int, list[str]]]:
    """The mood of each day after each session; days to come of the newest one are not yet there."""
    found = [{int(point.day): f"{point.value:.0f}" for point in curve.points} for curve in curves]
    days = [0, 1, 2, 3, 5, 7, 10, OVERLAY_DAYS]
    none, not_yet = _("none"), _("not yet")
    return [
        (day, [moods.get(day, not_yet if not index and day > today else none) for index, moods in enumerate(found)])
        for day in days
    ]


def _mood_sentence(curve: Curve) -> str:
    if len(curve.points) < ENOUGH_TO_TELL:
        return _("Your mood after each session, from your own daily answers.")
    best = max(curve.points, key=lambda point: point.value)
    if best is curve.points[-1]:
        return _("Since your last session your mood is at its highest now, at %(best)s.") % {"best": int(best.value)}
    words = {"best": int(best.value), "day": int(best.day), "now": int(curve.points[-1].value)}
    return _("Since your last session your mood was highest on day %(day)s, at %(best)s. Now it is %(now)s.") % words
