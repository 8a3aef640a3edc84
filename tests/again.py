"""What a scene wrote the first time is written again in one statement, moved to now: the verbs themselves have tests.

A scene that many tests begin with costs a hundred queries; of those only what changes rows matters to the next test.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.db.scope import use_clinic
from tests.cast import Cast

WRITES = ("insert", "update", "delete")
_kept: dict[str, tuple[datetime, list[tuple[str, Any]], bytes]] = {}


def is_untouched(cast: Cast) -> bool:
    """Has nobody done anything yet? Every verb leaves an audit row with who did it."""
    with _in_clinic(cast), transaction.atomic():
        return not AuditEvent.objects.filter(actor_id__isnull=False).exists()


def once_more(cast: Cast, name: str, make: Callable[[], Any]) -> Any:
    """What `make` returned the first time; its rows are in the database now, with every moment as far from now as then.

    For scenes that begin with a fresh cast and, under the same name, always do the same. Only rows of the cast's clinic.
    """
    kept = _kept.get(name)
    if kept is None:
        statements: list[tuple[str, Any]] = []
        with connection.execute_wrapper(_recorder(statements)):
            found = make()
        _kept[name] = clock.now(), statements, pickle.dumps(found)
        return found
    ended, statements, answer = kept
    passed = clock.now() - ended  # nothing lies in the future, and the last of it lies now
    with _in_clinic(cast), transaction.atomic(), connection.cursor() as cursor:
        raw = cursor.cursor
        text = ";".join(raw.mogrify(sql, _moved(parameters, passed)) for sql, parameters in statements)
        cursor.execute(text)
    return pickle.loads(answer)  # noqa: S301  (written by this process)


def _in_clinic(cast: Cast) -> AbstractContextManager[Any]:
    return use_clinic(cast.clinic.pk)


def _moved(value: Any, passed: timedelta) -> Any:
    """Moments move on; days, numbers and words stay."""
    if isinstance(value, datetime):
        return value + passed
    if isinstance(value, list | tuple):
        return type(value)(_moved(one, passed) for one in value)
    return value


def _recorder(statements: list[tuple[str, Any]]) -> Callable[..., Any]:
    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.lstrip().lower().startswith(WRITES):
            statements.extend((sql, one) for one in (params if many else [params]))
        return execute(sql, params, many, context)

    return record
