"""Course templates (clinical.md 2.1): route, phases with doses and days between, review gates, tighter limits. Pure.

A template fills the form; the prescriber decides. Sources stand beside each; nothing here is a recommendation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from apps.sessions.dose_limits import Route


@dataclass(frozen=True, slots=True)
class Phase:
    """doses: how many (None: open, only for the last); days_between: fewest and most days from one dose to the next."""

    name: str
    doses: int | None
    days_between: tuple[int, int]


@dataclass(frozen=True, slots=True)
class CourseLimits:
    """Hard limits of a course, beside those of the route (dose_limits); None: none. They can only be tighter."""

    max_mg: float | None = None
    max_mg_per_kg: float | None = None
    min_minutes: float | None = None

    def over(self, dose_mg: float | None, mg_per_kg: float | None, minutes: float | None) -> bool:
        """Is any of them passed?"""
        return (
            _passes(dose_mg, self.max_mg)
            or _passes(mg_per_kg, self.max_mg_per_kg)
            or (self.min_minutes is not None and minutes is not None and minutes < self.min_minutes)
        )


@dataclass(frozen=True, slots=True)
class CourseTemplate:
    """review_before: numbers of doses that need a review first; screening_days: None is the clinic's own."""

    key: str
    product: str
    route: Route
    indication: str
    phases: tuple[Phase, ...]
    review_before: tuple[int, ...]
    source: str
    name: str = ""
    limits: CourseLimits = field(default_factory=CourseLimits)
    screening_days: int | None = None

    @property
    def doses(self) -> int | None:
        """How many are planned in all; None: open."""
        counted = [phase.doses for phase in self.phases]
        return None if None in counted else sum(one or 0 for one in counted)

    @property
    def counted(self) -> int | None:
        """How many the phases with a number come to; an open phase after them is not counted. None: all is open."""
        return sum(phase.doses or 0 for phase in self.phases) or None

    @property
    def days_between(self) -> tuple[int, int]:
        """Of the first phase."""
        return self.phases[0].days_between

    def phase_of(self, number: int) -> int:
        """The phase (from 0) in which the dose with that number falls; the last one for all that come after."""
        left = number
        for index, phase in enumerate(self.phases):
            if phase.doses is None or left <= phase.doses:
                return index
            left -= phase.doses
        return len(self.phases) - 1

    def spacing(self, number: int) -> tuple[int, int]:
        """Fewest and most days between the dose before and this one."""
        return self.phases[self.phase_of(number)].days_between


def _passes(value: float | None, most: float | None) -> bool:
    return most is not None and value is not None and value > most + 1e-9


def _label(key: str, indication: str) -> CourseTemplate:
    """US label: weeks 1 to 4 twice a week, 5 to 8 weekly, then weekly or every two weeks; looked at after week 4."""
    phases = (Phase("Induction", 8, (3, 4)), Phase("Weekly", 4, (7, 7)), Phase("Maintenance", None, (7, 14)))
    return CourseTemplate(key, "esketamine", Route.INTRANASAL_ESKETAMINE, indication, phases, (9,), "US label")


def _induction(days: tuple[int, int], doses: int = 6) -> tuple[Phase, ...]:
    return (Phase("Induction", doses, days),)


def _templates() -> Iterator[CourseTemplate]:
    racemic, mood = "ketamine", "depression"
    yield CourseTemplate("iv-depression", racemic, Route.IV, mood, _induction((2, 4)), (3,), "Murrough, ASKP; ELEKT-D")
    yield CourseTemplate(
        "im-depression", racemic, Route.IM, mood, _induction((2, 4)), (3,), "as IV; no trial of its own"
    )
    yield _label("esketamine-trd", "TRD")
    yield CourseTemplate(
        "esketamine-mdd-si",
        "esketamine",
        Route.INTRANASAL_ESKETAMINE,
        "MDD_SI",
        _induction((3, 4), 8),
        (9,),
        "US label: twice a week for 4 weeks, then looked at anew",
    )
    yield CourseTemplate("oral", racemic, Route.ORAL, mood, _induction((3, 7)), (3,), "experimental; Andrade")
    yield CourseTemplate(
        "maintenance-iv", racemic, Route.IV, mood, (Phase("Maintenance", None, (7, 30)),), (), "ASKP; practice"
    )
    yield CourseTemplate("pain", racemic, Route.IV_PAIN, "pain", _induction((1, 1), 10), (), "ASRA/AAPM/ASA 2018")


TEMPLATES = {template.key: template for template in _templates()}
