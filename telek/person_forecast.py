"""The forecasts of one person for the pages of the desk: one walk through their course, whatever is drawn of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from apps.accounts.clinic_settings import setting
from apps.monitoring.models import Observation
from apps.monitoring.moods import MOOD
from apps.outcomes.actions import groups_measured, standing
from apps.outcomes.chance_grades import chances_of
from apps.outcomes.holding import chances_hold
from apps.outcomes.learning import model_of
from apps.outcomes.mathematics.chances import Kept
from apps.outcomes.mathematics.courses import Course
from apps.outcomes.mathematics.fading import Fading, expected_after
from apps.outcomes.mathematics.kalman import Belief
from apps.outcomes.mathematics.running import beliefs_on
from apps.outcomes.mathematics.selftest import SelfTest
from apps.outcomes.mathematics.weakness import Group
from apps.outcomes.outlook import Outlook, outlook
from apps.outcomes.people import course_of
from apps.outcomes.planned import plan_of
from apps.outcomes.prior import Versioned
from telek.patient_facts import PatientFacts


class PersonForecast:
    """Nothing while the clinic keeps forecasts in the shadow, before the first dose, or without a score before it."""

    def __init__(self, facts: PatientFacts) -> None:
        self.facts = facts

    @cached_property
    def course(self) -> Course | None:
        facts = self.facts
        if not setting(facts.patient.clinic, "show_forecasts"):
            return None
        rows = Observation.objects.visible_to(facts.user).filter(patient=facts.patient, code=MOOD, status="final")
        found = course_of(facts.responses, facts.doses, rows, facts.at, facts.zone)
        if found is None:
            return None
        plan = plan_of(facts.patient, facts.doses, facts.zone, facts.at.astimezone(facts.zone).date())
        return replace(found, plan=plan)

    @cached_property
    def known(self) -> Versioned:
        return model_of(self.facts.patient.clinic)

    @cached_property
    def held(self) -> SelfTest:
        return standing(self.facts.patient.clinic)

    @cached_property
    def chances(self) -> dict[str, Kept]:
        return chances_of(self.facts.patient.clinic)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        return groups_measured(self.facts.patient.clinic)

    @property
    def is_shown(self) -> bool:
        """There is one, and it has not switched itself off."""
        return self.course is not None and self.held.broken_at is None and chances_hold(self.chances)

    @cached_property
    def outlook(self) -> Outlook | None:
        if self.course is None:
            return None
        now = self._beliefs[self.course.last_day]
        return outlook(self.course, self.known.model, str(self.facts.patient.pk), now)

    @cached_property
    def fading(self) -> Fading | None:
        """After the newest session."""
        if self.course is None:
            return None
        day = max(self.course.doses)
        return expected_after(
            self.course, day, self._beliefs[day], self._beliefs[self.course.last_day], self.known.model
        )

    @cached_property
    def _beliefs(self) -> dict[int, Belief]:
        assert self.course is not None  # noqa: S101  (asked above)
        model = self.known.model
        return beliefs_on(self.course, {max(self.course.doses), self.course.last_day}, model.grid, model.noise)
