"""One clock for Python and SQL, movable where tests and the demo need it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from apps.core import clock

pytestmark = pytest.mark.django_db


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("select telek_now()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def test_python_and_the_database_tell_the_same_time() -> None:
    assert abs(clock.now() - database_now()) < timedelta(minutes=1)


def test_moving_the_clock_moves_both() -> None:
    before = clock.now()
    clock.shift(timedelta(hours=2))
    assert timedelta(hours=2) <= clock.now() - before < timedelta(hours=3)
    assert abs(clock.now() - database_now()) < timedelta(minutes=1)


def test_a_simulation_lives_in_its_own_moment() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with clock.at(moment), transaction.atomic():
        assert clock.now() == moment
        assert database_now() == moment
    assert database_now() > moment


def test_nobody_moves_the_clock_in_production(settings: Any) -> None:
    settings.CLOCK_MOVABLE = False
    with pytest.raises(ImproperlyConfigured):
        clock.shift(timedelta(hours=1))
    with pytest.raises(ImproperlyConfigured), clock.at(clock.now()):
        pass


def test_a_moment_set_behind_its_back_is_ignored_where_the_clock_never_moved() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('telek.now', '2001-01-01T00:00:00+00:00', true)")
    assert database_now().year > 2001
