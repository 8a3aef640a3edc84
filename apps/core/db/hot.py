"""Statements that are asked thousands of times: prepared once a connection, so that PostgreSQL plans them once.

Django binds values on the client's side and has every statement planned anew, which for a short one under row-level
security costs more than doing it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection


def hot_rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What the statement returns; [] when it returns nothing. Every value has its type beside it (%s::uuid[])."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        run: Callable[..., Any] = partial(_execute, cursor)
        for wrapper in reversed(connection.execute_wrappers):
            run = partial(wrapper, run)
        run(sql, values, False, {"connection": connection, "cursor": cursor})
        if connection.queries_logged:  # whoever counts statements counts this one
            connection.queries_log.append({"sql": sql, "time": "0"})
        return cursor.fetchall() if cursor.description else []


def _execute(cursor: psycopg.Cursor[Any], sql: str, values: Sequence[Any], *_as_django: Any) -> None:
    cursor.execute(sql, values, prepare=settings.PREPARED_STATEMENTS)
