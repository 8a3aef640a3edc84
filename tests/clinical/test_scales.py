"""Axes, bands and change as the chart shows them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.monitoring.instruments import LIBRARY, score
from apps.monitoring.instruments.change import MEASURES
from apps.monitoring.instruments.scales import change_of, measured, scale_of
from tests.clinical.strategies import sheets_of, thorough

DRAWN = sorted(key for key in LIBRARY if scale_of(key) is not None)


@pytest.mark.parametrize("key", DRAWN)
@settings(thorough, max_examples=20)
@given(st.data())
def test_a_total_lies_on_its_axis_and_its_band_is_that_of_the_score(key: str, data: st.DataObject) -> None:
    scale = scale_of(key)
    assert scale is not None
    result = score(LIBRARY[key], data.draw(sheets_of(LIBRARY[key], blank=False)))
    assert result.total is not None
    value = measured(key, result.total)
    assert 0 <= value <= scale.top
    if result.severity is not None:
        assert scale.band_of(float(value)) == result.severity
    elif result.positive is not None and key != "who-5" and scale.bands:
        assert scale.band_of(float(value)) == ("positive" if result.positive else "negative")


def test_well_being_is_read_in_percent() -> None:
    assert measured("who-5", 13) == 52
    low, better = change_of("who-5", 5, 8), change_of("who-5", 5, 7)
    assert low is not None
    assert better is not None
    assert (low.meaningful_change, better.meaningful_change) == ("improved", "none")
    assert low.response is None
    scale = scale_of("who-5")
    assert scale is not None
    assert (scale.band_of(50), scale.band_of(52)) == ("low", "fair")


@pytest.mark.parametrize("key", sorted(MEASURES))
def test_change_is_defined_for_exactly_the_instruments_of_the_table(key: str) -> None:
    found = change_of(key, 8, 4)
    assert found is not None
    assert change_of("asrm", 8, 4) is None
    assert change_of(key, None, Decimal(4)) is not None


@pytest.mark.parametrize("key", ["c-ssrs", "misuse", "check-in", "icsi-icpi"])
def test_what_has_no_total_has_no_axis(key: str) -> None:
    assert scale_of(key) is None
