"""Signs of life of the engines: rows of EngineBeat, by the database's clock.

`finished_ok_at` moves only with a cycle that left nothing overdue, so that an engine that is alive and does
nothing is as visible as a dead one.
"""

import os
import socket
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from apps.core import clock

CANARY: Final = "celery-canary"


def leave_beat(engine: str, started_at: datetime, overdue_steps: int, overdue_deliveries: int, *, clean: bool) -> None:
    """Write what a cycle left behind; the moment of the last clean cycle stays when this one was not."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into core_enginebeat as b
              (engine, host, pid, started_at, finished_ok_at, overdue_steps, overdue_deliveries)
            values (%(engine)s, %(host)s, %(pid)s, %(started)s, case when %(clean)s then telek_now() end, %(steps)s, %(rows)s)
            on conflict (engine) do update set host = excluded.host, pid = excluded.pid, started_at = excluded.started_at,
              finished_ok_at = coalesce(excluded.finished_ok_at, b.finished_ok_at),
              overdue_steps = excluded.overdue_steps, overdue_deliveries = excluded.overdue_deliveries
            """,
            {
                "engine": engine,
                "host": socket.gethostname()[:200],
                "pid": os.getpid(),
                "started": started_at,
                "clean": clean,
                "steps": overdue_steps,
                "rows": overdue_deliveries,
            },
        )


def leave_canary() -> None:
    """Celery's worker consumes. Written as begun and never as finished, so that it passes for no engine."""
    leave_beat(CANARY, clock.now(), 0, 0, clean=False)


def ages() -> dict[str, float]:
    """Engine -> seconds since its last clean cycle; the canary's since it was last heard. Without those that had none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select engine, extract(epoch from telek_now() - case when engine = %s then started_at else finished_ok_at end)"
            "::float from core_enginebeat",
            [CANARY],
        )
        return {engine: round(max(age, 0.0), 1) for engine, age in cursor.fetchall() if age is not None}


def my_turn(name: str, every: timedelta) -> bool:
    """True for one engine of all, once in that time. Its row is begun and never finished, so that it passes for no engine."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into core_enginebeat as b (engine, host, pid, started_at, overdue_steps, overdue_deliveries)
            values (%(engine)s, '', 0, telek_now(), 0, 0)
            on conflict (engine) do update set started_at = excluded.started_at
              where b.started_at <= telek_now() - %(every)s::interval or b.started_at > telek_now()
            returning 1
            """,
            {"engine": name, "every": f"{every.total_seconds()} s"},
        )
        return cursor.fetchone() is not None
