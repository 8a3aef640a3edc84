"""The dose-anchored curve of one person with their own fade and the window for the next session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from apps.core.charts import Forecast, Window
from apps.outcomes.mathematics.fading import DAYS, LONGEST
from apps.outcomes.outlook import Outlook
from telek.curves import DAY_SECONDS, OVERLAY_DAYS, DosedCurve, dosed_curve
from telek.person_forecast import PersonForecast

#: Mean error of the middle of the window in simulated courses, in days (docs/forecasting.md).
WINDOW_ERROR: Final = 14


@dataclass(frozen=True)
class DoseCurve:
    """What the page shows: the picture with its table, and in words the fade, the window, and what it rests on."""

    curve: DosedCurve
    fade: str = ""
    window: str = ""
    rests_on: str = ""

    @property
    def svg(self) -> object:
        return self.curve.svg

    @property
    def names(self) -> list[str]:
        return self.curve.names

    @property
    def is_forecast(self) -> bool:
        """Something in it is expected and not observed."""
        return bool(self.rests_on)


def dose_curve(forecast: PersonForecast, size: tuple[int, int]) -> DoseCurve:
    """Without a forecast (in the shadow, switched off, too little known) the observed curves alone."""
    facts = forecast.facts
    if not forecast.is_shown or forecast.fading is None or forecast.outlook is None:
        return DoseCurve(dosed_curve(facts.points, facts.doses, facts.at, size))
    rows = zip(DAYS, forecast.fading.expected, strict=True)
    expected = [Forecast(day, row[2], row[1], row[3], row[0], row[4]) for day, row in rows]
    since = (facts.at - facts.doses[-1].started_at).total_seconds() / DAY_SECONDS
    curve = dosed_curve(
        facts.points, facts.doses, facts.at, size, expected=expected, window=_window(forecast.outlook, since)
    )
    return DoseCurve(curve, _fade_words(forecast), window_words(forecast.outlook), _rests_on(forecast))


def _window(found: Outlook, since: float) -> Window | None:
    """In days after the last dose; None where nothing is said or it opens beyond the picture."""
    if found.window is None:
        return None
    start, end = since + found.window[0], since + found.window[1]
    return Window(start, end, _("window")) if start < OVERLAY_DAYS - 1 else None


def window_words(found: Outlook) -> str:
    """When the score may be back at the threshold: a window with its error, never a date."""
    if found.window is None:
        return ""
    words = {"low": round(found.window[0]), "high": round(found.window[1]), "error": WINDOW_ERROR}
    if found.window_is_open_ended:
        return _("opens in %(low)s days or later, perhaps not at all; off by %(error)s days on average") % words
    return _("%(low)s to %(high)s days from now, half of the time; off by %(error)s days on average") % words


def _fade_words(forecast: PersonForecast) -> str:
    assert forecast.fading is not None  # noqa: S101  (asked by the caller)
    low, middle, high = (round(days) for days in forecast.fading.half)
    words = {"low": low, "middle": middle, "high": high, "longest": LONGEST}
    if middle >= LONGEST:
        return _("goes slowly: half of it may last longer than %(longest)s days, at least about %(low)s") % words
    if high >= LONGEST:
        return _("half of it is gone after about %(middle)s days (%(low)s or more)") % words
    return _("half of it is gone after about %(middle)s days (%(low)s to %(high)s)") % words


def _rests_on(forecast: PersonForecast) -> str:
    assert forecast.course is not None  # noqa: S101  (asked by the caller)
    held = forecast.held
    words = {
        "scores": len(forecast.course.scores),
        "doses": len(forecast.course.doses),
        "version": forecast.known.version,
        "source": forecast.known.source,
        "tested": held.tested,
        "inside": round(100 * (held.coverage or 0)),
    }
    basis = _("%(scores)s scores and %(doses)s doses; model %(version)s, fitted to %(source)s") % words
    if not held.tested:
        return basis + "; " + _("not yet compared with what came here")
    return basis + "; " + _("%(inside)s %% of %(tested)s answers lay inside the 80 %% range here") % words
