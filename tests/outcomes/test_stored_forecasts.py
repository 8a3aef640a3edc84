"""Forecasts are kept as they were made, graded when their day comes, and switch themselves off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.outcomes import nightly
from apps.outcomes.actions import grade_points, standing
from apps.outcomes.models import Forecast, ForecastPoint, Grade
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
        timer, _made = nightly.ForecastClock.objects.get_or_create(
            clinic=cast.clinic, defaults={"next_at": clock.now()}
        )
    return nightly.look_through(timer, clock.now(), nightly.AT_ONCE)


def test_the_pump_makes_forecasts() -> None:
    assert nightly.forecasts_due in WORK.values()


@pytest.mark.django_db(transaction=True)
def test_the_pumps_own_role_looks_through_every_clinic(cast: Cast) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        answer_phq9(cast.patient, 40, *spread(19))
        give_dose(cast.patient, 35)
    with as_role("pump"):
        assert nightly.forecasts_due() == 1
        assert nightly.forecasts_due() == 0
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
