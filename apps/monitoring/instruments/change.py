"""Change against baseline: percent, response, remission, meaningful change (clinical.md 1.3). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from apps.alerts.levels import Level
from apps.monitoring.instruments.result import round_half_up

Number = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Measure:
    """How change is read on one instrument. None means: not defined in the sources.

    highest: largest possible score (WHO-5: of the percent score).
    response: share of the baseline that must be gained, inclusive.
    remission_at_most: score that counts as remission; store the definition with the result.
    meaningful: smallest change that matters, in points, inclusive.
    """

    highest: int
    response: Fraction | None = Fraction(1, 2)
    remission_at_most: int | None = None
    meaningful: Decimal | None = None
    higher_is_better: bool = False


#: clinical.md 1.2 and 1.3. MADRS remission <= 10 is a product default; trials used 9, 10 or 12.
MEASURES: Mapping[str, Measure] = {
    "phq-9": Measure(27, remission_at_most=4, meaningful=Decimal(6)),
    "gad-7": Measure(21, remission_at_most=4, meaningful=Decimal(4)),
    "qids-sr16": Measure(27, remission_at_most=5),
    "madrs": Measure(60, remission_at_most=10, meaningful=Decimal(10)),
    "pcl-5": Measure(80, meaningful=Decimal(10)),
    "isi": Measure(28, remission_at_most=7, meaningful=Decimal("8.4")),
    "who-5": Measure(100, response=None, meaningful=Decimal(10), higher_is_better=True),
    "peg": Measure(10, response=Fraction(3, 10)),
}


@dataclass(frozen=True, slots=True)
class Change:
    """percent_improvement: one decimal, half-up; negative when worse. None: not defined or not computable.

    meaningful_change: ``improved``, ``worsened`` or ``none``.
    """

    percent_improvement: float | None = None
    response: bool | None = None
    remission: bool | None = None
    meaningful_change: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeLimits:
    """Clinic-configurable definitions; the defaults are those of clinical.md."""

    measures: Mapping[str, Measure] = field(default_factory=lambda: MEASURES)
    mood_fall_points: int = 30


DEFAULT_LIMITS = ChangeLimits()


def change(
    measure: str,
    baseline: Number | None,
    current: Number | None,
    *,
    limits: ChangeLimits = DEFAULT_LIMITS,
) -> Change:
    """Compare two totals of one instrument, named by its key ("phq-9"); WHO-5 by its percent score.

    A missing side gives None everywhere; baseline 0 gives no percent and no response.
    Raises KeyError for an instrument without a definition of change, ValueError for an impossible score.
    """
    rule = limits.measures[measure]
    if baseline is None or current is None:
        return Change()
    before, after = _exact(baseline, rule), _exact(current, rule)
    improvement = after - before if rule.higher_is_better else before - after
    share = improvement / before if before else None
    return Change(
        percent_improvement=_percent(share),
        response=None if share is None or rule.response is None else share >= rule.response,
        remission=None if rule.remission_at_most is None else after <= rule.remission_at_most,
        meaningful_change=_meaning(improvement, rule),
    )


def worsening_level(
    measure: str,
    baseline: Number | None,
    current: Number | None,
    *,
    limits: ChangeLimits = DEFAULT_LIMITS,
) -> Level | None:
    """P3 for worse during treatment on PHQ-9, MADRS or QIDS-SR16.

    The QIDS has no published threshold of meaning: any rise counts.
    """
    if measure not in {"phq-9", "madrs", "qids-sr16"} or baseline is None or current is None:
        return None
    rule = limits.measures[measure]
    if rule.meaningful is None:
        worse = _exact(current, rule) > _exact(baseline, rule)
    else:
        worse = change(measure, baseline, current, limits=limits).meaningful_change == "worsened"
    return Level.P3 if worse else None


def mood_fall_level(
    today: int | None, last_three_days: Sequence[int | None], *, limits: ChangeLimits = DEFAULT_LIMITS
) -> Level | None:
    """P3 when the 0-100 mood is 30 points or more under the mean of the last three days.

    Days without an answer are left out of the mean, never read as 0; without any there is no mean.
    """
    known = [mood for mood in last_three_days if mood is not None]
    if today is None or not known:
        return None
    fall = Fraction(sum(known), len(known)) - today
    return Level.P3 if fall >= limits.mood_fall_points else None


def _exact(value: Number, rule: Measure) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("a score must be a number")
    decimal = Decimal(str(value))
    if not decimal.is_finite() or not 0 <= decimal <= rule.highest:
        raise ValueError(f"score {value} is outside 0 to {rule.highest}")
    return Fraction(decimal)


def _percent(share: Fraction | None) -> float | None:
    if share is None:
        return None
    return float(round_half_up(Decimal(100 * share.numerator) / Decimal(share.denominator), 1))


def _meaning(improvement: Fraction, rule: Measure) -> str | None:
    if rule.meaningful is None:
        return None
    threshold = Fraction(rule.meaningful)
    if improvement >= threshold:
        return "improved"
    return "worsened" if -improvement >= threshold else "none"
