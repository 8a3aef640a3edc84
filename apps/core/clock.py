"""The one clock. Its truth is PostgreSQL's time (SQL twin: telek_now()), so that hosts cannot disagree.

In tests and the demo it can be moved: `shift(timedelta(hours=2))` moves it for every process.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from apps.core.db.scope import current_scope, use_moment

logger = logging.getLogger(__name__)

_offset = timedelta(0)  # database time (moved or not) minus this host's time
_read_at: float | None = None  # monotonic seconds


def now() -> datetime:
    """The present moment, aware, in UTC."""
    moment = current_scope().at
    if moment is not None:
        return moment
    if _stale() and _may_query():
        refresh()
    return datetime.now(UTC) + _offset


def scaled(delay: timedelta) -> timedelta:
    """A policy delay as this installation runs it: TELEK_TIME_SCALE shortens it in tests and the demo."""
    return delay / settings.TIME_SCALE


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where this machine knows none (removed, or never one): no page waits for a name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        logger.error("no time zone %r here: UTC is taken", name)
        return ZoneInfo("UTC")


def refresh() -> None:
    """Read the database's time; on a dead database the last known difference stays in force."""
    global _offset, _read_at
    try:
        with connection.cursor() as cursor:
            cursor.execute("select telek_now()")
            (there,) = cursor.fetchone()
    except DatabaseError:
        logger.warning("clock not refreshed: the database did not answer")
    else:
        _offset = there - datetime.now(UTC)
        _read_at = time.monotonic()


def shift(by: timedelta) -> None:
    """Move the clock of every process by that much, from where it stands (tests and demo only)."""
    _refuse_in_production()
    with connection.cursor() as cursor:
        cursor.execute("update core_clockshift set shift = shift + make_interval(secs => %s)", [by.total_seconds()])
        if cursor.rowcount == 0:
            cursor.execute(
                "insert into core_clockshift (id, shift) values (1, make_interval(secs => %s))", [by.total_seconds()]
            )
    refresh()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Live in that moment, here and in the database (simulated courses; tests and demo only)."""
    _refuse_in_production()
    with connection.cursor() as cursor:  # telek_now() listens to a moment only where the clock was ever moved
        cursor.execute("insert into core_clockshift (id, shift) values (1, interval '0') on conflict do nothing")
    with use_moment(moment):
        yield


def _refuse_in_production() -> None:
    if not settings.CLOCK_MOVABLE:
        raise ImproperlyConfigured("The clock can only be moved in tests and the demo.")


def _stale() -> bool:
    return _read_at is None or time.monotonic() - _read_at > settings.CLOCK_KEPT_SECONDS


def _may_query() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return not connection.needs_rollback
    return False
