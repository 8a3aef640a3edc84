"""Probabilities of stored forecasts are graded when their days have come, and switch the forecasts off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import DatabaseError, transaction

from apps.core import clock
from apps.monitoring.models import QuestionnaireResponse
from apps.outcomes.chance_grades import chances_of, grade_chances, relapse_came, response_came
from apps.outcomes.holding import forecasts_hold, note_standing
from apps.outcomes.mathematics.chances import APART, Said, admitted, kept, simulate
from apps.outcomes.models import Chance, ChanceGrade, Forecast, ForecastClock
from tests.cast import Cast
from tests.desk.conftest import answer_phq9, give_dose
from tests.outcomes.test_pages import chart, show, spread
from tests.outcomes.test_stored_forecasts import look_through, treated

__all__ = ["treated"]  # a fixture

ZONE = ZoneInfo("UTC")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def forecast(**more: Any) -> Any:
    known = {"made_at": START, "made_on": START.date(), "threshold": 10, "baseline": 20.0, "plan": []}
    return SimpleNamespace(**known | more)


def answers(totals: dict[int, int]) -> Any:
    """By days after the forecast."""
    return {(START + timedelta(days=day)).date(): SimpleNamespace(total=total) for day, total in totals.items()}


def relapsed(totals: dict[int, int], *doses: int) -> bool | None:
    found = relapse_came(forecast(), answers(totals), [START + timedelta(days=day) for day in doses], ZONE)
    return None if found is None else found.came


def test_a_relapse_came_with_a_high_answer_that_the_next_one_does_not_take_back() -> None:
    assert relapsed({7: 12, 14: 9}) is True
    assert relapsed({7: 12, 14: 5}) is False
    assert relapsed({14: 10}) is True
    assert relapsed({5: 6, 12: 7}) is False


def test_a_relapse_is_unknown_where_the_answers_end_early_or_a_session_came_first() -> None:
    assert relapsed({3: 6}) is None
    assert relapsed({18: 14}) is None  # later than it was asked about
    assert relapsed({6: 8, 13: 8}, 9) is None
    assert relapsed({6: 12, 13: 4}, 9) is True  # the session may have been given because of it


def test_a_response_is_judged_by_the_nearest_answer_and_only_under_its_plan() -> None:
    on = (START + timedelta(days=20)).date()
    planned = forecast(plan=[3, 7], response_on=on)
    given = [START + timedelta(days=day) for day in (3, 8)]

    def came(totals: dict[int, int], moments: list[datetime]) -> bool | None:
        found = response_came(planned, answers(totals), moments, ZONE)
        return None if found is None else found.came

    assert came({19: 10, 22: 15}, given) is True
    assert came({20: 11}, given) is False
    assert came({17: 5}, given) is None
    assert came({20: 5}, given[:1]) is None


def test_two_tested_probabilities_of_a_person_never_ask_about_the_same_days() -> None:
    rows = [Said("a", day, 0.3, came=False) for day in range(30)]
    assert [row.day for row in admitted(rows)] == [0, APART, 2 * APART]


def test_the_test_leaves_kept_probabilities_on_and_catches_those_that_are_not() -> None:
    assert np.mean(np.isfinite(simulate(0, 1040, 25, seed=3))) <= 0.05
    for shift, steep in ((1.0, 1.0), (-1.0, 1.0), (0.0, 0.4)):
        assert np.median(simulate(shift, 300, 15, seed=4, steep=steep)) <= 180


def test_what_was_said_and_what_came_are_compared_in_groups() -> None:
    rows = [Said(str(n), n, 0.2 if n % 2 else 0.8, came=n % 2 == 0) for n in range(60)]
    found = kept(rows)
    assert (found.tested, found.said, found.came) == (60, pytest.approx(0.5), 0.5)
    assert found.error == pytest.approx(0.2)


@pytest.mark.django_db
def test_a_stored_probability_is_graded_once_its_days_are_over_and_stands_on_the_card(treated: Cast) -> None:
    show(treated)
    look_through(treated)
    with treated.acting(treated.nurse):
        said = Forecast.objects.get()
        assert said.either14 is not None
        assert said.relapse14 is not None
        assert said.already is not None
        answer_phq9(treated.patient, -7, *spread(12))
        answer_phq9(treated.patient, -13, *spread(13))
        graded = [
            grade_chances(clinic=treated.clinic, today=said.made_on + timedelta(days=days)) for days in (20, 22, 23)
        ]
        assert graded == [0, 1, 0]
        grade = ChanceGrade.objects.get()
        assert (grade.kind, grade.came, grade.chance) == (Chance.RELAPSE, True, said.either14)
        assert chances_of(treated.clinic)[Chance.RELAPSE].tested == 1
        with pytest.raises(DatabaseError), transaction.atomic():
            ChanceGrade.objects.update(came=False)
    text = chart(treated)
    assert f"back within 14 days: said {round(100 * said.either14)} %, came in 100 % of 1" in text
    assert "already today, whatever the last answer was" in text


@pytest.mark.django_db
def test_probabilities_that_are_not_kept_switch_the_forecasts_off(
    treated: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(treated)
    look_through(treated)
    with treated.acting(treated.nurse):
        said = Forecast.objects.get()
        ChanceGrade.objects.create(
            clinic=treated.clinic,
            forecast=said,
            kind=Chance.RELAPSE,
            chance=0.05,
            came=True,
            for_on=said.made_on,
            response=QuestionnaireResponse.objects.latest("authored_at"),
        )
        timer = ForecastClock.objects.get()
        note_standing(timer, clock.now())
        assert forecasts_hold(treated.clinic)
        monkeypatch.setattr("apps.outcomes.mathematics.chances.kept.__defaults__", (0.5,))
        note_standing(timer, clock.now())
        assert not forecasts_hold(treated.clinic)
    text = chart(treated)
    assert "switched itself off" in text
    assert "80 % of the time" not in text


@pytest.mark.django_db
def test_a_response_that_was_forecast_is_graded_after_the_planned_series(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        answer_phq9(cast.patient, 5, *spread(20))
        give_dose(cast.patient, 3)
        answer_phq9(cast.patient, 1, *spread(14))
    look_through(cast)
    with cast.acting(cast.nurse):
        made = Forecast.objects.get()
        assert made.response is None  # nothing is planned, so nothing is said of a series
        said = Forecast.objects.create(
            **{
                field.attname: getattr(made, field.attname)
                for field in Forecast._meta.concrete_fields
                if field.name not in ("id", "created_at")
            }
            | {"response": 0.6, "response_on": made.made_on + timedelta(days=10), "plan": [4]}
        )
        give_dose(cast.patient, -4)
        answer_phq9(cast.patient, -11, *spread(9))
        today = made.made_on + timedelta(days=13)
        assert grade_chances(clinic=cast.clinic, today=today) == 1
        grade = ChanceGrade.objects.get()
        assert (grade.forecast, grade.kind, grade.came, grade.chance) == (said, Chance.RESPONSE, True, 0.6)
