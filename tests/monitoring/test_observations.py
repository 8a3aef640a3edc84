"""Readings: plausible or refused, each once, judged at once."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring.actions import Reading, Recorded, correct_observation, record_observations, set_limits
from apps.monitoring.actions.anchors import record_anchor
from apps.monitoring.models import Observation, VitalEpisode
from apps.monitoring.plausibility import MEASURABLE, ReadingRefused, check_reading
from apps.monitoring.refusals import SurveyRefused
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
        ("8480-6", 16.5, "mm[Hg]", "value_out_of_range"),
        ("8480-6", 120, "kPa", "value_out_of_range"),
        ("8310-5", 37, "[degF]", "value_out_of_range"),
        ("29463-7", 160, "[degF]", "wrong_unit"),
        ("8867-4", 511, "/min", "value_out_of_range"),
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


@pytest.mark.parametrize(
    ("code", "value", "unit", "stored"),
    [
        ("8480-6", Decimal("16.5"), "kPa", "124"),
        ("8310-5", Decimal("98.6"), "[degF]", "37.0"),
        ("29463-7", 160, "[lb_av]", "72.6"),
        ("8302-2", 70, "[in_i]", "177.8"),
    ],
)
def test_a_named_unit_is_converted(code: str, value: object, unit: str, stored: str) -> None:
    assert check_reading(code, value, unit, MORNING, MORNING) == Decimal(stored)


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


def test_a_converted_reading_keeps_what_was_given(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        record(cast, pressure(Decimal("16.5"), clock.now(), "kPa"))
        row = Observation.objects.get()
    assert (row.value, row.unit, row.given) == (124, "mm[Hg]", "16.5 kPa")


def test_one_alarm_an_episode_and_one_more_when_it_gets_worse(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        start = clock.now() - timedelta(hours=2)
        record(cast, *[pressure(165, start + timedelta(seconds=second)) for second in range(0, 300, 5)])
        alert = Alert.objects.get()
        assert (alert.level, alert.count) == ("P2", 1)
        record(cast, pressure(185, start + timedelta(minutes=6)), pressure(186, start + timedelta(minutes=7)))
        alert.refresh_from_db()
        assert (alert.level, alert.count) == ("P1", 2)
        record(cast, pressure(120, start + timedelta(minutes=8)), pressure(166, start + timedelta(minutes=60)))
        alert.refresh_from_db()
        assert alert.count == 3
        assert VitalEpisode.objects.count() == 2


def test_a_late_batch_out_of_order_belongs_to_the_episode_that_is_there(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        start = clock.now() - timedelta(hours=2)
        readings = [pressure(165, start + timedelta(minutes=minute)) for minute in range(0, 40, 2)]
        record(cast, *readings[10:])
        record(cast, *readings[:10])
        record(cast, *readings)
        episode = VitalEpisode.objects.get()
        assert (episode.began_at, episode.last_at) == (start, readings[-1].effective_at)
        assert Alert.objects.get().count == 1


def test_a_rise_over_the_pressure_before_the_dose_alarms_in_the_hours_after_it(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        dose = clock.now() - timedelta(hours=3)
        record_anchor(patient=cast.patient, kind="dose", label="IV", started_at=dose, ended_at=None, actor=cast.nurse)
        record(cast, pressure(100, dose - timedelta(minutes=10)))
        record(cast, pressure(145, dose + timedelta(minutes=40)))
        assert VitalEpisode.objects.get().reasons == "bp_rise"


def test_a_person_s_own_limits_count_in_their_phase_alone(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        own = {"sbp_high": 175, "sbp_severe": 190}
        set_limits(patient=cast.patient, phase="home", limits=own, reason="lives with 165", actor=cast.prescriber)
        record(cast, pressure(170, clock.now()))
        assert not Alert.objects.exists()
        dose = clock.now()
        record_anchor(patient=cast.patient, kind="dose", label="IV", started_at=dose, ended_at=None, actor=cast.nurse)
        record(cast, pressure(171, dose + timedelta(minutes=1)))
        assert Alert.objects.get().level == "P2"


def test_a_correction_is_a_later_row_and_the_old_one_stays(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        record(cast, pressure(130, clock.now()))
        first = Observation.objects.get()
        second = correct_observation(observation=first, value=Decimal(120), reason="typed wrong", actor=cast.nurse)
        assert [row.value for row in Observation.objects.known()] == [120]
        correct_observation(observation=second, value=None, reason="another person", actor=cast.nurse)
        assert not Observation.objects.known().exists()
        assert Observation.objects.count() == 3
        with pytest.raises(SurveyRefused):
            correct_observation(observation=first, value=Decimal(121), reason="again", actor=cast.nurse)


def test_a_stored_reading_cannot_be_changed_or_deleted(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        record(cast, pressure(130, clock.now()))
        for change in ("update monitoring_observation set value = 1", "delete from monitoring_observation"):
            with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(change)


def test_a_month_without_a_partition_is_made_by_its_first_reading(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        at = clock.now() - timedelta(days=300)
        assert len(record(cast, pressure(130, at)).created) == 1
        with connection.cursor() as cursor:
            cursor.execute("select tableoid::regclass::text from monitoring_observation")
            assert cursor.fetchone()[0] == f"readings.observation_{at:%Y%m}"


def test_a_partition_is_open_to_nobody_but_through_the_table(cast: Cast) -> None:
    with cast.acting(cast.nurse), pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"select * from readings.observation_{clock.now():%Y%m}")
