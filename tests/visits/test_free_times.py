"""Free times: weekly hours by the wall clock, across the change of the clocks; what is taken shifts nothing. Pure."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.free_times import Span, Weekly, free_starts, open_spans

HALF = timedelta(minutes=30)
BASE = datetime(2026, 11, 23, tzinfo=UTC)


def at(hour: float, day: int = 0) -> datetime:
    return BASE + timedelta(days=day, hours=hour)


def test_nine_oclock_stays_nine_oclock_when_the_clocks_change() -> None:
    sundays = Weekly(6, time(9), time(10), "America/New_York", date(2026, 10, 1))
    spans = open_spans([sundays], datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    assert [span.starts_at for span in spans] == [
        datetime(2026, 10, 25, 13, tzinfo=UTC),
        datetime(2026, 11, 1, 14, tzinfo=UTC),
    ]


def test_hours_hold_from_their_first_to_their_last_day() -> None:
    mondays = Weekly(0, time(9), time(10), "UTC", date(2026, 11, 24), date(2026, 12, 7))
    days = [span.starts_at.date() for span in open_spans([mondays], at(0), at(0, 60))]
    assert days == [date(2026, 11, 30), date(2026, 12, 7)]


def test_hours_of_a_far_zone_belong_to_its_own_day() -> None:
    tuesdays = Weekly(1, time(8), time(9), "Pacific/Auckland", date(2026, 1, 1))
    spans = open_spans([tuesdays], at(0), at(24))
    assert [span.starts_at for span in spans] == [at(19)]


def test_a_taken_time_knocks_out_what_overlaps_and_shifts_no_other() -> None:
    taken = [Span(at(9.25), at(9.75))]
    starts = free_starts([Span(at(9), at(11))], taken, HALF, at(0), at(24))
    assert starts == [at(10), at(10.5)]


spans = st.tuples(st.integers(0, 95), st.integers(1, 12)).map(
    lambda quarter: Span(at(quarter[0] / 4), at((quarter[0] + quarter[1]) / 4))
)


@given(st.lists(spans, max_size=4), st.lists(spans, max_size=6), st.sampled_from([15, 20, 30, 45]))
def test_whatever_is_offered_lies_in_open_time_and_touches_nothing_taken(
    opened: list[Span], taken: list[Span], minutes: int
) -> None:
    length = timedelta(minutes=minutes)
    for start in free_starts(opened, taken, length, at(0), at(30)):
        visit = Span(start, start + length)
        assert any(one.starts_at <= visit.starts_at and visit.ends_at <= one.ends_at for one in opened)
        assert not any(visit.touches(one) for one in taken)
