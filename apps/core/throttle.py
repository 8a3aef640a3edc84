"""Rate limits counted in PostgreSQL."""

from datetime import timedelta

from django.db import connection


def allow(key: str, *, limit: int, within: timedelta) -> bool:
    """Count one attempt; False when more than `limit` fell into the current window of that key."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into core_ratecount as r (key, window_ends_at, count) values (%s, telek_now() + make_interval(secs => %s), 1)
            on conflict (key) do update set
              count = case when r.window_ends_at <= telek_now() then 1 else r.count + 1 end,
              window_ends_at = case when r.window_ends_at <= telek_now() then excluded.window_ends_at else r.window_ends_at end
            returning count
            """,
            [key[:200], within.total_seconds()],
        )
        (count,) = cursor.fetchone()
    return int(count) <= limit
