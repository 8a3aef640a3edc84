"""Kept queries that start from `visible_to`: the same filters, put into words once a role."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.core.db.kept import KeptQuery, Value

M = TypeVar("M", bound=Model)


class VisibleQuery(Generic[M]):
    """`VisibleQuery(Thing, lambda rows, pk: rows.filter(pk=pk))`, then `.rows(user, pk)`: what this person may see of it.

    Holds for models whose `visible_to` asks for clinic, role and, of a person in care, who they are.
    """

    def __init__(self, model: type[M], build: Callable[..., QuerySet[M, Any]]) -> None:
        def rows(*values: Any, role: Any, **shape: Any) -> QuerySet[M, Any]:
            user_id = values[-1] if role == Role.PATIENT else None
            asked = values[1:-1] if role == Role.PATIENT else values[1:]
            who = SimpleNamespace(pk=user_id, membership=SimpleNamespace(clinic_id=values[0], role=role))
            return build(model._default_manager.visible_to(who), *asked, **shape)  # type: ignore[attr-defined]

        self._query: KeptQuery[M] = KeptQuery(rows)

    def rows(self, user: User | Any, *values: Value, **shape: Hashable) -> list[Any]:
        """What the query finds for them, evaluated now."""
        member = user.membership
        if member is None:
            return []
        own = (user.pk,) if member.role == Role.PATIENT else ()
        return self._query.rows(member.clinic_id, *values, *own, role=str(member.role), **shape)

    def first(self, user: User | Any, *values: Value, **shape: Hashable) -> Any:
        """The first of them, or None."""
        found = self.rows(user, *values, **shape)
        return found[0] if found else None
