"""The state of the filter, kept from day to day, says exactly what the whole walk says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import clock
from apps.outcomes.mathematics.courses import Course, day_table
from apps.outcomes.mathematics.kalman import Belief
from apps.outcomes.mathematics.running import last_beliefs
from apps.outcomes.mathematics.stepping import as_bytes, from_bytes, inputs_hash, step_to
from apps.outcomes.models import FilterState, Forecast
from apps.outcomes.prior import starting_model
from tests.cast import Cast
from tests.desk.conftest import answer_phq9
from tests.outcomes.test_pages import spread
from tests.outcomes.test_stored_forecasts import look_through, treated

__all__ = ["treated"]  # a fixture

MODEL = starting_model().model


def by_day(values: st.SearchStrategy[float], most: int) -> st.SearchStrategy[dict[int, float]]:
    return st.dictionaries(st.integers(0, 40), values, max_size=most)


COURSES = st.builds(
    Course,
    baseline=st.integers(5, 27).map(float),
    threshold=st.just(10.0),
    last_day=st.integers(1, 40),
    doses=by_day(st.sampled_from([0.4, 0.5, 0.8]), 8),
    scores=by_day(st.integers(0, 27).map(float), 12),
    moods=by_day(st.integers(0, 10).map(float), 20),
)


def same(one: Belief, other: Belief) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("mean", "spread", "fast", "slow", "log")
    )


@settings(max_examples=25, deadline=None)
@given(course=COURSES, stops=st.lists(st.integers(0, 39), max_size=4))
def test_nights_of_any_length_end_where_the_whole_walk_ends(course: Course, stops: list[int]) -> None:
    grid, noise = MODEL.grid, MODEL.noise
    since = None
    for day in sorted({stop for stop in stops if stop < course.last_day}):
        until_then = replace(course, last_day=day)  # nothing later was known
        kept = as_bytes(step_to(until_then, day, grid, noise, since))
        since = day, from_bytes(kept, grid)
        assert inputs_hash(until_then, day, grid, noise) == inputs_hash(course, day, grid, noise)
    whole = last_beliefs(day_table([course]), grid, noise)
    assert same(step_to(course, course.last_day, grid, noise, since), whole)


@given(course=COURSES, day=st.integers(0, 40), value=st.integers(0, 27))
def test_a_late_or_corrected_answer_changes_the_mark_and_a_later_one_does_not(
    course: Course, day: int, value: int
) -> None:
    changed = replace(course, scores=course.scores | {day: float(value)})
    marks = [inputs_hash(each, 20, MODEL.grid, MODEL.noise) for each in (course, changed)]
    assert (marks[0] == marks[1]) == (day > 20 or course.scores.get(day) == float(value))


@pytest.mark.django_db
def test_a_night_goes_on_from_the_kept_state_and_a_late_answer_walks_the_course_again(
    treated: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    def counted(course: Course, last: int, *more: object) -> Belief:
        since = more[2] if len(more) > 2 else None
        steps.append(last - (since[0] if isinstance(since, tuple) else 0))
        return step_to(course, last, *more)  # type: ignore[arg-type]

    monkeypatch.setattr("apps.outcomes.incremental.step_to", counted)
    look_through(treated)
    assert steps == [34, 1]
    clock.shift(timedelta(days=1))
    steps.clear()
    look_through(treated)
    assert steps == [1, 1]
    with treated.acting(treated.nurse):
        assert FilterState.objects.get().day == 35
        answer_phq9(treated.patient, 4, *spread(15))  # of four days ago, told only now
    clock.shift(timedelta(minutes=1))
    steps.clear()
    look_through(treated)
    assert steps == [35, 1]
    with treated.acting(treated.nurse):
        assert Forecast.objects.latest("made_at").last_score == 15
        assert FilterState.objects.count() == 1
