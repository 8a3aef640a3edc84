"""Counters that survive Redis, and places where a test may make the process fail."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.failpoints import FailpointReached, failpoint
from apps.core.throttle import allow

pytestmark = pytest.mark.django_db


def test_the_limit_holds_within_its_window_and_is_forgotten_after_it() -> None:
    window = timedelta(minutes=1)
    assert [allow("door", limit=2, within=window) for _ in range(3)] == [True, True, False]
    assert allow("another door", limit=2, within=window)
    clock.shift(timedelta(minutes=2))
    assert allow("door", limit=2, within=window)


def test_a_failpoint_fires_only_where_it_is_named_and_never_in_production(settings: Any) -> None:
    settings.FAILPOINTS = "answer.before-commit=raise"
    failpoint("answer.before-insert")
    with pytest.raises(FailpointReached):
        failpoint("answer.before-commit")
    settings.PRODUCTION = True
    failpoint("answer.before-commit")
