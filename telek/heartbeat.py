"""Signs of life of the engines: rows of EngineBeat, by the database's clock.

`finished_ok_at` moves only with a cycle that left nothing overdue, so that an engine that is alive and does
nothing is as visible as a dead one.
"""

import os
import socket
from datetime import datetime
from typing import Final

from django.db import connection

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


def ages() -> dict[str, float | None]:
    """Engine -> seconds since its last clean cycle (None: it never had one), the canary of Celery included."""
    with connection.cursor() as cursor:
        cursor.execute("select engine, extract(epoch from telek_now() - finished_ok_at)::float from core_enginebeat")
        return dict(cursor.fetchall())
