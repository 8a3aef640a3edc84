"""A verb inside somebody's transaction needs no savepoint of its own, if it refuses before it writes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connection, transaction

F = TypeVar("F", bound=Callable[..., Any])


def joined(verb: F) -> F:
    """All of it or nothing: in the transaction that is open, else in one of its own.

    Only for a verb whose refusals are raised before its first write: whoever catches one goes on in the same
    transaction. What PostgreSQL refuses ends the whole transaction.
    """

    @functools.wraps(verb)
    def run(*given: Any, **named: Any) -> Any:
        if connection.in_atomic_block:
            return verb(*given, **named)
        with transaction.atomic():
            return verb(*given, **named)

    return run  # type: ignore[return-value]
