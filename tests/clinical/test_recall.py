"""Two of one questionnaire that ask about much the same days."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.monitoring.instruments import LIBRARY
from apps.monitoring.instruments.recall import overlap_below, overlapping

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "days"),
    [("phq-9", 7), ("gad-7", 7), ("asrm", 3.5), ("pcl-5", 15), ("check-in", 0), ("c-ssrs-since", 0), ("moaa-s", 0)],
)
def test_half_the_time_asked_about_is_the_least_spacing(key: str, days: float) -> None:
    assert overlap_below(LIBRARY[key].recall) == timedelta(days=days)


def test_the_one_that_comes_too_soon_is_named_and_weekly_ones_are_not() -> None:
    weekly = [(number, START + timedelta(days=7 * number)) for number in range(4)]
    assert overlapping(weekly, "2 weeks") == set()
    assert overlapping([*weekly, ("soon", START + timedelta(days=9))], "2 weeks") == {"soon", 2}
    assert overlapping([], "2 weeks") == set()
