"""The months of readings are made ahead, so that no first reading of a month has to wait for its table."""

from datetime import timedelta
from typing import Final

from django.db import connection

from apps.core import clock
from apps.monitoring.observations.store import ready_months
from telek.heartbeat import my_turn

EVERY: Final = timedelta(hours=6)
AHEAD: Final = timedelta(days=40)  # always the whole of the next month
NEEDED: Final = timedelta(days=7)


def make_due(limit: int) -> int:
    """Make this month and the next where they are missing, four times a day over all engines; how many."""
    if not my_turn("reading-months", EVERY):
        return 0
    now = clock.now()
    return ready_months(now, now + AHEAD)


def missing() -> int:
    """How many of the months of today and a week from now have no table: a reading would have to make it."""
    now = clock.now()
    names = [f"observation_{moment:%Y%m}" for moment in {now.replace(day=1), (now + NEEDED).replace(day=1)}]
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(distinct w.name) from unnest(%s::text[]) as w (name) where not exists (select from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'readings' and c.relname = w.name)",
            [names],
        )
        (count,) = cursor.fetchone()
    return int(count)
