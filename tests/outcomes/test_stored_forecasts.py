"""Forecasts are kept as they were made, graded when their day comes, and switch themselves off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from apps.alerts.actions import rules as actions
from apps.alerts.models import Alert, Rule
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.monitoring.models import QuestionnaireResponse
from apps.monitoring.rules.trial import try_rule
from apps.outcomes import learning, nightly
from apps.outcomes.actions import grade_points, standing
from apps.outcomes.expecting import expected_of
from apps.outcomes.holding import forecasts_hold, note_standing
from apps.outcomes.mathematics.courses import Course as RawCourse
from apps.outcomes.mathematics.fit import Model
from apps.outcomes.mathematics.selftest import Grade as Graded
from apps.outcomes.mathematics.selftest import SelfTest, drift
from apps.outcomes.models import Forecast, ForecastClock, ForecastPoint, Grade
from apps.outcomes.prior import starting_model
from apps.sessions.actions import start_course
from apps.sessions.models import Course
from telek.pump import WORK
from tests.cast import Cast
from tests.desk.conftest import answer_phq9, give_dose
from tests.outcomes.test_pages import chart, show, spread

pytestmark = pytest.mark.django_db


@pytest.fixture
def treated(cast: Cast) -> Cast:
    with cast.acting(cast.nurse):
        for days, total in ((40, 19), (15, 8), (8, 7)):
            answer_phq9(cast.patient, days, *spread(total))
        for days in (35, 32, 28, 25, 21, 18):
            give_dose(cast.patient, days)
    return cast


def look_through(cast: Cast) -> int:
    """What the pump does for this clinic when its time has come."""
    with use_clinic(cast.clinic.pk):
        timer, _made = ForecastClock.objects.get_or_create(clinic=cast.clinic, defaults={"next_at": clock.now()})
    return nightly.look_through(timer, clock.now(), nightly.AT_ONCE)


def test_the_pump_makes_forecasts() -> None:
    assert nightly.forecasts_due in WORK.values()


@pytest.mark.django_db(transaction=True)
def test_the_pumps_own_role_looks_through_every_clinic(cast: Cast) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        answer_phq9(cast.patient, 40, *spread(19))
        give_dose(cast.patient, 35)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():  # whose plan is the plan of the forecast
        start_course(patient=cast.patient, template="iv-depression", actor=doctor)
    with as_role("pump"):
        assert nightly.forecasts_due() == 1
        assert nightly.forecasts_due() == 0
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert Forecast.objects.get().plan
    clock.shift(timedelta(days=1))
    with as_role("pump"):
        assert nightly.forecasts_due() == 1


def test_one_forecast_a_day_and_another_when_a_score_comes(treated: Cast) -> None:
    clock.shift(timedelta(minutes=1))
    assert [look_through(treated) for _time in range(2)] == [1, 0]
    with treated.acting(treated.nurse):
        first = Forecast.objects.visible_to(treated.nurse).get()
        assert (first.baseline, first.threshold, first.last_score, first.scores, first.doses) == (19, 10, 7, 2, 6)
        assert first.points.count() == 3
    clock.shift(timedelta(minutes=1))
    with treated.acting(treated.nurse):
        answer_phq9(treated.patient, 0, *spread(14))
    assert look_through(treated) == 1
    with treated.acting(treated.nurse):
        newest = Forecast.objects.visible_to(treated.nurse).latest("made_at")
        assert newest.last_score == 14
        assert newest.points.get(days_ahead=7).middle > first.points.get(days_ahead=7).middle


def test_a_forecast_cannot_be_changed(treated: Cast) -> None:
    look_through(treated)
    with treated.acting(treated.nurse), pytest.raises(DatabaseError), transaction.atomic():
        Forecast.objects.update(baseline=1)


def test_a_point_is_graded_once_when_its_day_has_an_answer_and_not_after_another_dose(treated: Cast) -> None:
    with treated.acting(treated.nurse):
        now = clock.now()
    look_through(treated)
    with treated.acting(treated.nurse):
        answer_phq9(treated.patient, -7, *spread(8))
        later = (now + timedelta(days=7)).date()
        assert [grade_points(clinic=treated.clinic, today=later) for _time in range(2)] == [1, 0]
        assert Grade.objects.get().share == 1
        assert standing(treated.clinic).tested == 1
        give_dose(treated.patient, -10)
        answer_phq9(treated.patient, -14, *spread(8))
        assert grade_points(clinic=treated.clinic, today=(now + timedelta(days=14)).date()) == 0


def test_a_model_that_misses_switches_itself_off_and_says_so(treated: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    show(treated)
    look_through(treated)
    with treated.acting(treated.nurse):
        point = ForecastPoint.objects.filter(days_ahead=7).get()
        response = answer_phq9(treated.patient, -7, *spread(27))
        Grade.objects.create(clinic=treated.clinic, point=point, response=response, share=0, error=18)
    assert "1 forecasts compared" in chart(treated)
    monkeypatch.setattr("apps.outcomes.mathematics.selftest.self_test.__defaults__", (0.5,))
    assert "switched itself off" in chart(treated)
    assert "80 % of the time" not in chart(treated)


def off_track_rule(cast: Cast) -> Rule:
    """Written, tried on the past and published through the same actions as any rule."""
    with cast.acting(cast.clinic_admin), transaction.atomic():
        rule = actions.draft_rule(
            clinic=cast.clinic,
            actor=cast.clinic_admin,
            kind="off-track",
            parameters={"instrument": "phq-9", "sessions": 3},
            name="Above what was expected",
            why="not on track",
            source="clinic, 2026",
            level="P3",
            audience="desk",
        )
        actions.note_trial(rule=rule, trial=try_rule(rule, {}, expected_of([cast.patient.pk])), actor=cast.clinic_admin)
        actions.publish_rule(rule=rule, actor=cast.clinic_admin)
    return rule


def test_a_score_above_the_band_raises_through_the_rules_and_touches_no_alert_that_stands(treated: Cast) -> None:
    look_through(treated)
    off_track_rule(treated)
    clock.shift(timedelta(days=7))
    with treated.acting(treated.nurse), transaction.atomic():
        answer_phq9(treated.patient, 0, *spread(24))
        standing_before = list(Alert.objects.order_by("pk").values())
    look_through(treated)
    with treated.acting(treated.nurse):
        after = list(Alert.objects.order_by("pk").values())
        new = [row for row in after if row["cause"].startswith("rule-")]
        assert [row for row in after if row not in new] == standing_before
        assert [(row["level"], row["title"].split(":")[0]) for row in new] == [("P3", "Above what was expected")]
    clock.shift(timedelta(days=1))
    look_through(treated)
    with treated.acting(treated.nurse):
        assert Alert.objects.filter(cause__startswith="rule-").get().count == 1


def test_the_trial_of_a_rule_on_forecasts_counts_what_it_would_have_found(treated: Cast) -> None:
    look_through(treated)
    clock.shift(timedelta(days=7))
    with treated.acting(treated.nurse), transaction.atomic():
        answer_phq9(treated.patient, 0, *spread(24))
    trial = off_track_rule(treated).trial
    assert (trial["fired"], trial["affected"]) == (1, 1)


def test_a_planned_session_lowers_the_stored_forecast_and_it_is_graded_when_it_was_kept(treated: Cast) -> None:
    look_through(treated)
    with treated.acting(treated.prescriber), transaction.atomic():
        plain = Forecast.objects.get()
        Course.objects.create(
            clinic=treated.clinic,
            patient=treated.patient,
            template="iv-depression",
            product="ketamine",
            route="iv",
            indication="depression",
            planned_doses=8,
            prescriber=treated.prescriber.membership,
            started_at=clock.now() - timedelta(days=36),
        )
    clock.shift(timedelta(days=1))
    look_through(treated)
    with treated.acting(treated.nurse):
        planned = Forecast.objects.latest("made_at")
        assert (plain.plan, planned.plan) == ([], [1, 4])
        assert planned.points.get(days_ahead=7).middle < plain.points.get(days_ahead=7).middle
        for days in (-1, -4):
            give_dose(treated.patient, days)
        answer_phq9(treated.patient, -7, *spread(7))
        later = (clock.now() + timedelta(days=7)).date()
        assert grade_points(clinic=treated.clinic, today=later) == 1
        assert Grade.objects.get().point.forecast == planned


def test_a_broken_model_is_noted_on_the_clinics_clock_and_a_one_sided_error_as_drift(treated: Cast) -> None:
    look_through(treated)
    with treated.acting(treated.nurse):
        timer = ForecastClock.objects.get()
        assert forecasts_hold(treated.clinic)
        assert drift([Graded(str(n), n // 10, 1.2) for n in range(40)]).broken_at is not None
        assert drift([Graded(str(n), n // 10, 1.2 * (-1) ** n) for n in range(200)]).broken_at is None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("apps.outcomes.holding.standing", lambda _clinic: SelfTest(40, 9.0, 0.5, 30))
            note_standing(timer, clock.now())
        assert not forecasts_hold(treated.clinic)
        note_standing(timer, clock.now())
        assert forecasts_hold(treated.clinic)


def test_a_clinic_learns_from_its_own_real_courses_and_from_no_synthetic_row(
    treated: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with treated.acting(treated.nurse):
        monkeypatch.setattr(learning, "ENOUGH_SCORES", 2)
        course = learning.own_courses(treated.clinic, clock.now())[0]
        assert (course.baseline, len(course.doses)) == (19, 6)
        QuestionnaireResponse.objects.update(synthetic=True)
        assert learning.own_courses(treated.clinic, clock.now()) == []
        assert learning.learn_from(treated.clinic, clock.now()).taken is False


def test_an_own_model_is_used_where_it_is_no_worse(treated: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    known = starting_model().model
    course = RawCourse(20, 11, 40, {0: 0.5}, {0: 20.0, 10: 9.0, 20: 8.0, 30: 9.0, 35: 9.0}, {})
    monkeypatch.setattr(learning, "own_courses", lambda _clinic, _at: [course] * learning.ENOUGH_PEOPLE)

    def fitted(widening: float) -> Callable[..., Model]:
        return lambda _courses, start, prior: replace(known, widening=widening)

    with treated.acting(treated.nurse), transaction.atomic():
        assert learning.model_of(treated.clinic).version == "start-2"
        assert learning.learn_from(treated.clinic, clock.now(), fitted(9.0)).taken is False
        assert learning.learn_from(treated.clinic, clock.now(), fitted(1.0)).taken is True
        own = learning.model_of(treated.clinic)
        assert own.version.startswith("own-")
        assert own.source == f"{learning.ENOUGH_PEOPLE} courses of this clinic"
        assert list(own.model.weights) == pytest.approx(list(known.weights))
        monkeypatch.setattr(learning, "SHAPES", learning.SHAPES + 1)
        assert learning.model_of(treated.clinic).version == "start-2"  # weights of another grid mean something else
