"""How much somebody has had over all routes, and which long-term checks that makes due (clinical.md 2.1, 2.7). Pure.

The known long-term harms of ketamine (bladder, liver, cognition) depend on amount and frequency, so that doses of every
route are added up. IV equivalents are a range: what is swallowed arrives in part (clinical.md 2.1: 20-25 %). A route
without a figure in the reference is counted in full, which overstates it and never understates it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

from apps.sessions.dose_limits import Route

KINDS = ("bladder", "liver", "cognition", "pregnancy")
SWALLOWED = frozenset({Route.ORAL, Route.SL})


@dataclass(frozen=True, slots=True)
class Taken:
    """One dose. on: day of the clinic; mg: what was given."""

    on: date
    route: Route
    mg: float


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a dose arrives, in percent, from and to."""

    low: float = 100
    high: float = 100


@dataclass(frozen=True, slots=True)
class ExposureLimits:
    """Clinic settings. days; shares by group: swallowed, injected (IM, SC), nasal. IV counts in full."""

    swallowed: Share = Share(20, 25)
    injected: Share = Share()
    nasal: Share = Share()
    window_days: int = 30
    monthly_days: int = 30
    bladder_monthly_checks: int = 3
    bladder_later_days: int = 90
    liver_days: int = 180
    liver_dense_days: int = 90
    liver_pain_days: int = 2
    induction_doses: int = 6
    dense_days: int = 8
    pregnancy_days: int = 90
    grace_days: int = 14
    enzyme_times_upper: float = 3


DEFAULT_EXPOSURE = ExposureLimits()


@dataclass(frozen=True, slots=True)
class Exposure:
    """mg as given; IV equivalent from and to, mg; in the window: days with a dose, and its own sums."""

    doses: int
    mg: float
    iv_low: float
    iv_high: float
    window_doses: int
    window_days: int
    window_mg: float
    window_iv_low: float
    window_iv_high: float
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A check of one kind: the day on which it is due, when it was done last, why so often."""

    kind: str
    due_on: date
    last_on: date | None
    why: str
    overdue_from: date

    def is_due(self, today: date) -> bool:
        """It should be done by now."""
        return self.due_on <= today

    def is_overdue(self, today: date) -> bool:
        """The days of grace are over as well: no dose without a decision."""
        return today > self.overdue_from


@dataclass(frozen=True, slots=True)
class Person:
    """What the plan must know. done: kind to the days on which it was done, any order; may_be_pregnant: None unknown."""

    may_be_pregnant: bool
    done: Mapping[str, Sequence[date]] = field(default_factory=lambda: MappingProxyType({}))


def share_of(route: Route, limits: ExposureLimits = DEFAULT_EXPOSURE) -> Share:
    """What part of a dose by that route arrives."""
    if route in SWALLOWED:
        return limits.swallowed
    if route in (Route.IM, Route.SC):
        return limits.injected
    return limits.nasal if route is Route.INTRANASAL_ESKETAMINE else Share()


def exposure(doses: Iterable[Taken], today: date, limits: ExposureLimits = DEFAULT_EXPOSURE) -> Exposure:
    """Everything up to today, and the last `window_days` of it. A day still to come does not count."""
    known = sorted((dose for dose in doses if dose.on <= today), key=lambda dose: dose.on)
    recent = [dose for dose in known if (today - dose.on).days < limits.window_days]
    low, high = _equivalent(known, limits)
    recent_low, recent_high = _equivalent(recent, limits)
    return Exposure(
        doses=len(known),
        mg=sum(dose.mg for dose in known),
        iv_low=low,
        iv_high=high,
        window_doses=len(recent),
        window_days=len({dose.on for dose in recent}),
        window_mg=sum(dose.mg for dose in recent),
        window_iv_low=recent_low,
        window_iv_high=recent_high,
        first_on=known[0].on if known else None,
        last_on=known[-1].on if known else None,
    )


def _equivalent(doses: Sequence[Taken], limits: ExposureLimits) -> tuple[float, float]:
    shares = [(dose.mg, share_of(dose.route, limits)) for dose in doses]
    return sum(mg * share.low for mg, share in shares) / 100, sum(mg * share.high for mg, share in shares) / 100


def due_checks(
    doses: Iterable[Taken], person: Person, today: date, limits: ExposureLimits = DEFAULT_EXPOSURE
) -> tuple[Due, ...]:
    """One line a kind that applies, the soonest first. Before the first dose all are due today, as a baseline."""
    known = sorted((dose for dose in doses if dose.on <= today), key=lambda dose: dose.on)
    made = [_bladder(known, person, today, limits), _liver(known, person, today, limits)]
    made.append(_every("cognition", limits.monthly_days, "monthly", known, person, today, limits))
    if person.may_be_pregnant:
        made.append(_every("pregnancy", limits.pregnancy_days, "regular", known, person, today, limits))
    return tuple(sorted(made, key=lambda due: (due.due_on, KINDS.index(due.kind))))


def is_dense(doses: Sequence[Taken], today: date, limits: ExposureLimits = DEFAULT_EXPOSURE) -> bool:
    """So many days with a dose in the window that the checks stay at their closest."""
    return exposure(doses, today, limits).window_days >= limits.dense_days


def _days_done(kind: str, person: Person, today: date) -> list[date]:
    return sorted(day for day in person.done.get(kind, ()) if day <= today)


def _line(
    kind: str, done: Sequence[date], days: int, why: str, doses: Sequence[Taken], today: date, limits: ExposureLimits
) -> Due:
    """From the last one on; without one, from the first dose (today before it)."""
    if done:
        due_on = done[-1] + timedelta(days=days)
    else:
        due_on, why = (doses[0].on if doses else today), "baseline"
    return Due(kind, due_on, done[-1] if done else None, why, due_on + timedelta(days=limits.grace_days))


def _every(
    kind: str, days: int, why: str, doses: Sequence[Taken], person: Person, today: date, limits: ExposureLimits
) -> Due:
    return _line(kind, _days_done(kind, person, today), days, why, doses, today, limits)


def _bladder(doses: Sequence[Taken], person: Person, today: date, limits: ExposureLimits) -> Due:
    """Monthly three times after the baseline, then every three months; monthly while doses are dense."""
    done = _days_done("bladder", person, today)
    dense = is_dense(doses, today, limits)
    monthly = dense or len(done) <= limits.bladder_monthly_checks
    days = limits.monthly_days if monthly else limits.bladder_later_days
    return _line("bladder", done, days, "dense" if dense else "monthly" if monthly else "later", doses, today, limits)


def _liver(doses: Sequence[Taken], person: Person, today: date, limits: ExposureLimits) -> Due:
    """After induction, then every three to six months; every other day in a multi-day pain infusion."""
    done = _days_done("liver", person, today)
    if done and _in_pain_infusion(doses, today):
        found = _line("liver", done, limits.liver_pain_days, "pain-infusion", doses, today, limits)
        return Due(found.kind, found.due_on, found.last_on, found.why, found.due_on)
    induced = doses[limits.induction_doses - 1].on if len(doses) >= limits.induction_doses else None
    if done and induced is not None and done[-1] < induced:
        return Due("liver", induced, done[-1], "after-induction", induced + timedelta(days=limits.grace_days))
    dense = is_dense(doses, today, limits)
    days = limits.liver_dense_days if dense else limits.liver_days
    return _line("liver", done, days, "dense" if dense else "maintenance", doses, today, limits)


def _in_pain_infusion(doses: Sequence[Taken], today: date) -> bool:
    """Pain infusions on two days running, the last one today or yesterday."""
    days = {dose.on for dose in doses if dose.route is Route.IV_PAIN}
    last = max(days, default=None)
    return last is not None and (today - last).days <= 1 and last - timedelta(days=1) in days


def enzymes_over(values: Iterable[tuple[float, float]], limits: ExposureLimits = DEFAULT_EXPOSURE) -> bool:
    """Is any of (value, upper limit of normal) more than three times its limit? Stop and repeat (clinical.md 2.7)."""
    return any(value > limits.enzyme_times_upper * upper for value, upper in values)
