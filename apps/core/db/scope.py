"""Whose rows this piece of work may touch: the clinic and the person signed in.

Row-level security reads `telek.clinic` and `telek.user`, which live exactly as long as a transaction.
Outside `use_clinic` every table with a clinic shows no rows: forgetting fails closed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connection


@dataclass(frozen=True)
class Scope:
    """clinic: the one clinic whose rows are visible; user: the person whose own memberships are.

    at: the moment that a simulation lives in (core.clock.at), else None.
    """

    clinic: UUID | None = None
    user: UUID | None = None
    at: datetime | None = None

    def settings(self) -> list[str]:
        """The transaction-local settings telek.clinic, telek.user and telek.now, in this order."""
        return [str(self.clinic or ""), str(self.user or ""), self.at.isoformat() if self.at else ""]


TELL = (
    "select set_config('telek.clinic', %s, true), set_config('telek.user', %s, true), set_config('telek.now', %s, true)"
)


_NOWHERE = Scope()
_scope: ContextVar[Scope] = ContextVar("telek_scope", default=_NOWHERE)


def current_scope() -> Scope:
    """The scope in force."""
    return _scope.get()


def _tell_database(scope: Scope) -> None:
    """A transaction that is already open must be told; one that begins later is told by the engine."""
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(TELL, scope.settings())


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


@contextmanager
def use_moment(moment: datetime) -> Iterator[None]:
    """For core.clock.at: the database's telek_now() answers that moment, where the clock may be moved at all."""
    with _use(replace(_scope.get(), at=moment)):
        yield
