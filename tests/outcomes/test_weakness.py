"""Groups in which the range holds less than it says are measured and named on the card."""

from __future__ import annotations

import pytest

from apps.outcomes.mathematics.selftest import Grade as Graded
from apps.outcomes.mathematics.weakness import FEWEST, Told, groups_of, measured
from apps.outcomes.models import ForecastPoint, Grade
from tests.cast import Cast
from tests.desk.conftest import answer_phq9
from tests.outcomes.test_pages import chart, show, spread
from tests.outcomes.test_stored_forecasts import look_through, treated

__all__ = ["treated"]  # a fixture

MILD = Told(baseline=12, scores=9, moods=5, doses=8, days_ahead=7, planned=0)
SEVERE = Told(baseline=22, scores=2, moods=0, doses=3, days_ahead=28, planned=2)


def test_a_forecast_belongs_to_the_groups_that_its_inputs_say() -> None:
    assert groups_of(MILD) == {"mild"}
    assert groups_of(SEVERE) == {"severe", "few-scores", "no-moods", "in-series", "far", "planned"}


def test_a_group_is_weak_when_its_answers_miss_the_range_more_often_than_chance_lets_them() -> None:
    rows = [(Graded(f"m{n % 20}", n // 20, float(n % 10 >= 5)), MILD) for n in range(60)]
    rows += [(Graded(f"s{n % 20}", n // 20, float(n % 5 > 0)), SEVERE) for n in range(60)]
    found = {group.name: group for group in measured(rows)}
    assert (found["mild"].tested, found["mild"].people, found["mild"].inside) == (60, 20, pytest.approx(0.5))
    assert [name for name, group in found.items() if group.weak] == ["mild"]


def test_nothing_is_said_of_a_group_of_few_people() -> None:
    assert measured((Graded(str(n), 1, 0.0), MILD) for n in range(FEWEST - 1)) == []


@pytest.mark.django_db
def test_the_card_names_a_weak_group_with_its_figures(treated: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    show(treated)
    look_through(treated)
    assert "not measured in this clinic yet" in chart(treated)
    monkeypatch.setattr("apps.outcomes.mathematics.weakness.FEWEST", 1)
    with treated.acting(treated.nurse):
        for point in ForecastPoint.objects.all():
            response = answer_phq9(treated.patient, -point.days_ahead, *spread(27))
            Grade.objects.create(clinic=treated.clinic, point=point, response=response, share=0, error=18)
    text = chart(treated)
    assert "fewer than four scores (0 % of 3 inside the 80 % range)" in text
    assert "20 points or more before treatment" not in text
