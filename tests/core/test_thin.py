"""Thinning a curve."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.core.charts.thin import thinned

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(0, 1800), st.integers(0, 27)), max_size=300))
def test_peaks_the_first_and_all_recent_ones_stay_and_the_order_does(pairs: list[tuple[int, int]]) -> None:
    rows = sorted((NOW - timedelta(days=days), float(value)) for days, value in pairs)
    since = NOW - timedelta(days=180)
    kept = thinned(rows, at=lambda row: row[0], value=lambda row: row[1], since=since, most=40)
    assert kept == sorted(kept, key=lambda row: row[0])
    assert [row for row in kept if row[0] >= since] == [row for row in rows if row[0] >= since]
    assert len([row for row in kept if row[0] < since]) <= 44
    if rows:
        assert kept[0] == rows[0]
        assert {max(value for _at, value in rows), min(value for _at, value in rows)} <= {value for _at, value in kept}
