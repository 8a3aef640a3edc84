# ruff: noqa: DTZ001  (times on the wall have no zone: that is what is tested)
"""The calendar of surveys: arithmetic, in six zones, through every change of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.wall_clock import local_moment, outside_quiet_hours
from apps.monitoring.calendar import due_days, later_moments, local_day, window

NAMES = [
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Sao_Paulo",
]
zones = st.sampled_from(NAMES).map(ZoneInfo)
days = st.dates(date(2011, 1, 1), date(2031, 12, 31))
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
moments = st.datetimes(datetime(2011, 1, 1), datetime(2031, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
NEW_YORK = ZoneInfo("America/New_York")


def test_half_past_two_that_does_not_exist_is_three() -> None:
    assert local_moment(datetime(2026, 3, 8, 2, 30), NEW_YORK) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)


def test_half_past_one_that_comes_twice_is_the_first() -> None:
    assert local_moment(datetime(2026, 11, 1, 1, 30), NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_half_hour_change_of_the_clocks_is_known_too() -> None:
    there = ZoneInfo("Australia/Lord_Howe")
    assert local_moment(datetime(2026, 10, 4, 2, 10), there) == local_moment(datetime(2026, 10, 4, 2, 30), there)


def test_a_day_that_a_country_skipped_opens_on_the_next() -> None:
    opens_at, closes_at = window(date(2011, 12, 30), time(8), 16, ZoneInfo("Pacific/Apia"))
    assert opens_at.astimezone(ZoneInfo("Pacific/Apia")) == datetime(2011, 12, 31, tzinfo=ZoneInfo("Pacific/Apia"))
    assert closes_at > opens_at


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1), date(2028, 2, 29), date(2026, 12, 31)])
def test_a_form_of_the_day_is_open_from_eight_to_midnight_on_every_wall(day: date) -> None:
    opens_at, closes_at = window(day, time(8), 16, NEW_YORK)
    assert opens_at.astimezone(NEW_YORK).time() == time(8)
    assert closes_at.astimezone(NEW_YORK).replace(tzinfo=None) == datetime.combine(day + timedelta(days=1), time(0))


@given(day=days, at=times, zone=zones)
def test_a_moment_is_never_before_its_wall_time_and_at_most_a_day_after(day: date, at: time, zone: ZoneInfo) -> None:
    wall = datetime.combine(day, at)
    there = local_moment(wall, zone).astimezone(zone).replace(tzinfo=None)
    assert wall <= there <= wall + timedelta(days=1)


@given(day=days, at=times, zone=zones)
def test_later_walls_are_never_earlier_moments(day: date, at: time, zone: ZoneInfo) -> None:
    wall = datetime.combine(day, at)
    assert local_moment(wall, zone) <= local_moment(wall + timedelta(hours=2), zone)


@given(day=days, at=times, zone=zones, hours=st.integers(1, 336))
def test_a_window_is_never_empty(day: date, at: time, zone: ZoneInfo, hours: int) -> None:
    opens_at, closes_at = window(day, at, hours, zone)
    assert timedelta(0) < closes_at - opens_at <= timedelta(hours=hours + 24)


@given(first=days, length=st.integers(0, 40), starts=st.integers(-20, 20), weekday=st.integers(0, 6))
def test_every_local_day_is_named_exactly_once(first: date, length: int, starts: int, weekday: int) -> None:
    last = first + timedelta(days=length)
    starts_on = first + timedelta(days=starts)
    daily = due_days("daily", first, last, starts_on=starts_on)
    weekly = due_days("weekly", first, last, starts_on=starts_on, weekday=weekday)
    assert daily == sorted(set(daily))
    assert all(first <= day <= last and day >= starts_on for day in daily)
    assert weekly == [day for day in daily if day.weekday() == weekday]


@given(first=days, cut=st.integers(0, 14))
def test_planning_in_two_parts_gives_the_same_days_as_in_one(first: date, cut: int) -> None:
    last, middle = first + timedelta(days=14), first + timedelta(days=cut)
    parts = due_days("daily", first, middle, starts_on=first) + due_days("daily", middle, last, starts_on=first)
    assert sorted(set(parts)) == due_days("daily", first, last, starts_on=first)


def test_once_is_one_day_and_waits_for_the_end_of_a_pause() -> None:
    first, start = date(2026, 11, 20), date(2026, 11, 24)
    last = first + timedelta(days=14)
    assert due_days("once", first, last, starts_on=start) == [start]
    pause = start + timedelta(days=3)
    assert due_days("once", first, last, starts_on=start, paused_until=pause) == [pause]
    assert due_days("once", start + timedelta(days=1), last, starts_on=start) == []


def test_nothing_is_due_after_the_end_or_during_a_pause() -> None:
    first = date(2026, 11, 20)
    found = due_days(
        "daily",
        first,
        first + timedelta(days=9),
        starts_on=first,
        ends_on=first + timedelta(days=5),
        paused_until=first + timedelta(days=3),
    )
    assert found == [first + timedelta(days=days) for days in (3, 4, 5)]


@given(moment=moments, zone=zones, quiet_from=times, quiet_until=times)
def test_a_message_never_goes_out_in_the_quiet_hours_nor_early(
    moment: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time
) -> None:
    sent = outside_quiet_hours(moment, zone, quiet_from, quiet_until)
    assert moment <= sent <= moment + timedelta(hours=49)
    there = sent.astimezone(zone).time()
    if quiet_from < quiet_until:
        assert not quiet_from <= there < quiet_until
    elif quiet_from == quiet_until:
        assert sent == moment
    else:
        assert quiet_until <= there < quiet_from


def test_a_nightly_moment_waits_until_the_morning() -> None:
    night = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)  # 23:30 in New York
    sent = outside_quiet_hours(night, NEW_YORK, time(21), time(8))
    assert sent == datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
    assert outside_quiet_hours(sent, NEW_YORK, time(21), time(8)) == sent


def test_the_day_is_the_day_where_the_person_is() -> None:
    moment = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    assert local_day(moment, NEW_YORK) == date(2026, 11, 24)
    assert local_day(moment, ZoneInfo("Asia/Kolkata")) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("now", "closes", "quiet", "offered"),
    [
        ("09:00", "23:59", ("22:00", "08:00"), {"1h": "10:00", "3h": "12:00", "evening": "19:00"}),
        ("09:00", "12:00", ("22:00", "08:00"), {"1h": "10:00"}),  # not at the moment at which it closes
        ("18:00", "23:59", ("20:00", "08:00"), {"1h": "19:00", "evening": "19:00"}),
        ("18:01", "23:59", ("22:00", "08:00"), {"1h": "19:01", "3h": "21:01"}),
        ("09:00", "23:59", ("09:30", "19:00"), {"evening": "19:00"}),
        ("22:30", "23:00", ("22:00", "08:00"), {}),
    ],
)
def test_only_times_in_the_window_and_outside_quiet_hours_are_offered(
    now: str, closes: str, quiet: tuple[str, str], offered: dict[str, str]
) -> None:
    def moment(clock_time: str) -> datetime:
        return datetime.combine(date(2026, 11, 24), time.fromisoformat(clock_time), NEW_YORK).astimezone(UTC)

    found = later_moments(moment(now), moment(closes), NEW_YORK, *map(time.fromisoformat, quiet))
    assert {choice: f"{at.astimezone(NEW_YORK):%H:%M}" for choice, at in found.items()} == offered
