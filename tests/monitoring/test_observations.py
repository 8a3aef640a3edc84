"""Readings: plausible or refused, each once, judged at once."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring.actions import Reading, Recorded, record_observations
from apps.monitoring.models import Observation
from apps.monitoring.plausibility import MEASURABLE, ReadingRefused, check_reading
from tests.cast import Cast
from tests.monitoring.stage import MORNING

pytestmark = pytest.mark.django_db


def record(cast: Cast, *readings: Reading, source: str = "cuff-1") -> Recorded:
    return record_observations(patient=cast.patient, readings=readings, source=source, actor=cast.nurse)


def pressure(systolic: Any, at: datetime, unit: str = "mm[Hg]") -> Reading:
    return Reading("8480-6", systolic, unit, at)


def test_a_batch_sent_twice_is_stored_once(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        at = clock.now()
        batch = [pressure(120 + minute, at - timedelta(minutes=minute)) for minute in range(10)]
        assert len(record(cast, *batch).created) == 10
        again = record(cast, *batch)
        assert (again.created, again.repeated, Observation.objects.count()) == ([], 10, 10)


def test_another_value_in_the_same_place_is_refused_and_nothing_is_overwritten(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        at = clock.now()
        result = record(cast, pressure(120, at), pressure(125, at))
        assert result.refused == {1: "other_value"}
        assert Observation.objects.get().value == 120


def test_a_refused_reading_stops_no_other(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        at = clock.now()
        result = record(cast, pressure(16, at), pressure(128, at))
    assert result.refused == {0: "value_out_of_range"}
    assert [row.value for row in result.created] == [Decimal(128)]


@pytest.mark.parametrize(
    ("code", "value", "unit", "refusal"),
    [
        ("8480-6", 16.5, "kPa", "wrong_unit"),
        ("8310-5", 98.6, "[degF]", "wrong_unit"),
        ("8310-5", 98.6, "Cel", "value_out_of_range"),
        ("59408-5", 101, "%", "value_out_of_range"),
        ("59408-5", 0, "%", "value_out_of_range"),
        ("8867-4", 0, "/min", "value_out_of_range"),
        ("8867-4", float("nan"), "/min", "not_a_number"),
        ("8867-4", float("inf"), "/min", "not_a_number"),
        ("8867-4", 1e309, "/min", "not_a_number"),
        ("8867-4", True, "/min", "not_a_number"),
        ("8867-4", "72", "/min", "not_a_number"),
        ("8867-4", None, "/min", "not_a_number"),
        ("8867-4", 72.5, "/min", "too_exact"),
        ("0000-0", 1, "", "unknown_code"),
    ],
)
def test_what_cannot_be_a_reading_is_refused(code: str, value: object, unit: str, refusal: str) -> None:
    with pytest.raises(ReadingRefused) as refused:
        check_reading(code, value, unit, MORNING, MORNING)
    assert refused.value.code == refusal


@pytest.mark.parametrize(
    ("offset", "refusal"),
    [(timedelta(minutes=6), "in_the_future"), (timedelta(days=-367), "too_old")],
)
def test_a_reading_from_another_time_is_refused(offset: timedelta, refusal: str) -> None:
    with pytest.raises(ReadingRefused) as refused:
        check_reading("8867-4", 72, "/min", MORNING + offset, MORNING)
    assert refused.value.code == refusal


@given(code=st.sampled_from(sorted(MEASURABLE)), value=st.integers(-1000, 1000))
def test_a_reading_is_stored_as_it_is_or_not_at_all(code: str, value: int) -> None:
    known = MEASURABLE[code]
    if known.low <= value <= known.high:
        assert check_reading(code, value, known.unit, MORNING, MORNING) == value
    else:
        with pytest.raises(ReadingRefused):
            check_reading(code, value, known.unit, MORNING, MORNING)


def test_readings_of_one_moment_are_judged_together_and_raise_once(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        at = clock.now()
        batch = [pressure(182, at), Reading("8462-4", 111, "mm[Hg]", at), Reading("8867-4", 80, "/min", at)]
        record(cast, *batch)
        record(cast, *batch)
        alert = Alert.objects.get()
    assert (alert.level, alert.cause, alert.count) == ("P1", "vital-signs", 1)
    assert "182" in alert.title


def test_ordinary_readings_raise_nothing(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        record(cast, pressure(121, clock.now()), Reading("29463-7", Decimal("71.5"), "kg", clock.now()))
        assert not Alert.objects.exists()
