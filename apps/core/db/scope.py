"""Whose rows this piece of work may touch: the clinic and the person signed in.

Row-level security reads `telek.clinic` and `telek.user`, which live exactly as long as a transaction.
Outside `use_clinic` every table with a clinic shows no rows: forgetting fails closed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connection


@dataclass(frozen=True)
class Scope:
    """clinic: the one clinic whose rows are visible; user: the person whose own memberships are."""

    clinic: UUID | None = None
    user: UUID | None = None


_scope: ContextVar[Scope] = ContextVar("telek_scope", default=Scope())


def current_scope() -> Scope:
    """The scope in force."""
    return _scope.get()


def _tell_database(scope: Scope) -> None:
    """A transaction that is already open must be told; one that begins later is told by the engine."""
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(
                "select set_config('telek.clinic', %s, true), set_config('telek.user', %s, true)",
                [str(scope.clinic or ""), str(scope.user or "")],
            )


@contextmanager
def _use(scope: Scope) -> Iterator[None]:
    before = _scope.get()
    token = _scope.set(scope)
    _tell_database(scope)
    try:
        yield
    finally:
        _scope.reset(token)
        _tell_database(before)


@contextmanager
def use_clinic(clinic_id: UUID) -> Iterator[None]:
    """Work on the rows of one clinic: `with use_clinic(clinic.id), transaction.atomic(): ...`."""
    with _use(replace(_scope.get(), clinic=clinic_id)):
        yield


@contextmanager
def use_user(user_id: UUID) -> Iterator[None]:
    """See the person's own memberships in every clinic (sign-in, choice of clinic)."""
    with _use(replace(_scope.get(), user=user_id)):
        yield
