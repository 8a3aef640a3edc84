"""The forecast of one person on their chart: the fan, its table, and what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.alerts.rules.own_course import Change, change
from apps.core.charts import Forecast, Svg, TrendLabels, trend
from apps.outcomes.mathematics.chances import Kept
from apps.outcomes.mathematics.selftest import SelfTest
from apps.outcomes.mathematics.weakness import Group
from apps.outcomes.models import Chance
from apps.outcomes.outlook import Outlook
from telek.curves import GAP_DAYS, PHQ9, as_doses, severity_bands
from telek.dose_curve import window_words
from telek.patient_facts import PatientFacts
from telek.person_forecast import PersonForecast

SHOWN_BEFORE = timedelta(days=56)


@dataclass(frozen=True)
class KeptChance:
    """How a probability was kept in this clinic: per cent said and come on average, and the mean gap in groups."""

    name: str
    tested: int
    said: int
    came: int
    error: int | None
    broken: bool


@dataclass(frozen=True)
class OutlookCard:
    """Everything that must stand beside a forecast."""

    svg: Svg
    outlook: Outlook
    change_words: str
    score_age: int
    effect: int
    relapse: int
    already: int
    response: int | None
    scores: int
    doses: int
    moods: int
    window: str
    under: str
    version: str
    source: str
    held: SelfTest
    inside: int | None
    chances: tuple[KeptChance, ...]
    weak: tuple[str, ...]
    groups: int  # how many have been measured

    @property
    def broken_chance(self) -> KeptChance | None:
        """The probability that switched the forecast off."""
        return next((each for each in self.chances if each.broken), None)


def outlook_card(forecast: PersonForecast) -> OutlookCard | None:
    """None while the clinic keeps forecasts in the shadow, before the first dose, or without a score before it."""
    facts, course, found = forecast.facts, forecast.course, forecast.outlook
    if course is None or found is None:
        return None
    known, held = forecast.known, forecast.held
    return OutlookCard(
        svg=_fan(facts, found),
        outlook=found,
        change_words=_words(change(course.baseline, found.last_score)),
        score_age=course.last_day - found.last_score_day,
        effect=round(100 * found.effect),
        relapse=round(100 * (found.relapse14 or 0)),
        already=round(100 * (found.already or 0)),
        response=None if found.response is None else round(100 * found.response),
        scores=len(course.scores),
        doses=len(course.doses),
        moods=len(course.moods),
        window=window_words(found),
        under=plan_words(len(course.plan)),
        version=known.version,
        source=known.source,
        held=held,
        inside=None if held.coverage is None else round(100 * held.coverage),
        chances=kept_chances(forecast.chances),
        weak=tuple(weak_words(group) for group in forecast.groups if group.weak),
        groups=len(forecast.groups),
    )


def kept_chances(found: Mapping[str, Kept]) -> tuple[KeptChance, ...]:
    """Those of which something has been compared."""
    names = {Chance.RESPONSE: _("half the points or fewer"), Chance.RELAPSE: _("back within 14 days")}
    return tuple(
        KeptChance(
            name=names[Chance(kind)],
            tested=kept.tested,
            said=round(100 * (kept.said or 0)),
            came=round(100 * (kept.came or 0)),
            error=None if kept.error is None else round(100 * kept.error),
            broken=kept.broken_at is not None,
        )
        for kind, kept in found.items()
        if kept.tested
    )


def weak_words(group: Group) -> str:
    """A group in which the range holds less than it says, with the figures."""
    names = {
        "mild": _("fewer than 15 points before treatment"),
        "severe": _("20 points or more before treatment"),
        "few-scores": _("fewer than four scores"),
        "no-moods": _("no moods"),
        "in-series": _("during the first series"),
        "far": _("28 days ahead"),
        "planned": _("with sessions planned"),
    }
    words = _("%(group)s (%(inside)s %% of %(tested)s inside the 80 %% range)")
    return words % {"group": names[group.name], "inside": round(100 * group.inside), "tested": group.tested}


def plan_words(planned: int) -> str:
    """Under which plan the forecast stands."""
    if not planned:
        return _("If no further session is given")
    words = ngettext(
        "If the course goes on as planned: %(n)s more session",
        "If the course goes on as planned: %(n)s more sessions",
        planned,
    )
    return words % {"n": planned}


def _fan(facts: PatientFacts, found: Outlook) -> Svg:
    labels = TrendLabels(
        title=_("PHQ-9, the last eight weeks and the next four as a range"),
        day=lambda moment: date_format(moment.astimezone(facts.zone), "j M"),
        today=_("today"),
        first="",
        gap=_("no answer"),
        forecast=_("forecast"),
    )
    since = facts.at - SHOWN_BEFORE
    ahead: Sequence[Forecast] = [
        Forecast(facts.at + timedelta(days=fan.day), fan.middle, fan.low50, fan.high50, fan.low80, fan.high80)
        for fan in found.fan
    ]
    return trend(
        [point for point in facts.points if point.at >= since],
        as_doses([dose for dose in facts.doses if dose.started_at >= since]),
        severity_bands(),
        facts.at,
        y_max=PHQ9.top,
        width=620,
        height=260,
        gap_days=GAP_DAYS,
        labels=labels,
        forecast=ahead,
    )


def _words(found: Change) -> str:
    """Reliable change in words; less than five points is noise."""
    sizes = {
        "none": _("within the noise of the questionnaire"),
        "possible": _("possibly more than noise"),
        "meaningful": _("a meaningful change"),
        "reliable": _("a reliable change"),
    }
    return f"{found.points:+.0f}: {sizes[found.word]}"
