"""Queries of the busiest roads: Django writes their SQL once a process, PostgreSQL plans it once a connection.

The ORM spends more on putting a short query into words than PostgreSQL on answering it. A kept query is an ordinary
queryset, with its filters and walls; only the values are new each time. What it cannot keep safely it refuses when it is
first asked: a value that is not found, as it is, among the query's parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.core.exceptions import EmptyResultSet, ImproperlyConfigured
from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import DatabaseDefault
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators
from django.db.transaction import TransactionManagementError

from apps.core.db.hot import hot_rows

M = TypeVar("M", bound=Model)
Value = UUID | str | datetime
_FAR = datetime(1907, 1, 1, 1, 7, 13, 917, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Words:
    """A compiled query. places: of each parameter the number of the value that stands there, or None with a constant."""

    sql: str
    places: tuple[tuple[int | None, Any], ...]
    converters: tuple[tuple[int, Sequence[Callable[..., Any]], Any], ...]
    locks: bool
    made: Callable[[Sequence[Any]], Any]

    def rows(self, values: Sequence[Value]) -> list[Any]:
        if self.locks and connection.get_autocommit():
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        given = [constant if place is None else values[place] for place, constant in self.places]
        return [self.made(self._converted(row)) for row in hot_rows(self.sql, given)]

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        if not self.converters:
            return row
        changed = list(row)
        for place, steps, expression in self.converters:
            for step in steps:
                changed[place] = step(changed[place], expression, connection)
        return changed


class KeptQuery(Generic[M]):
    """`KeptQuery(lambda clinic, pk: Thing.objects.filter(clinic=clinic, pk=pk))`, then `.rows(clinic_id, pk)`.

    build: makes the queryset from values of type UUID, str or datetime, each of which must be compared as it is (no
    `in`, no None). shape: named, hashable; another one is another query. Rows or tuples (`values_list`) come out.
    """

    def __init__(self, build: Callable[..., QuerySet[M, Any]]) -> None:
        self._build = build
        self._known: dict[Hashable, _Words | None] = {}

    def rows(self, *values: Value, **shape: Hashable) -> list[Any]:
        """What the query finds, evaluated now."""
        key = (tuple(type(value) for value in values), *sorted(shape.items()))
        if key not in self._known:
            self._known[key] = self._compiled([_stand_in(value, n) for n, value in enumerate(values)], shape)
        words = self._known[key]
        return [] if words is None else words.rows(values)

    def first(self, *values: Value, **shape: Hashable) -> Any:
        """The first of them, or None; the query itself says how many it wants."""
        found = self.rows(*values, **shape)
        return found[0] if found else None

    def _compiled(self, stand_ins: list[Value], shape: dict[str, Hashable]) -> _Words | None:
        queryset = self._build(*stand_ins, **shape)
        if queryset._prefetch_related_lookups or queryset._known_related_objects:  # type: ignore[attr-defined]
            raise ImproperlyConfigured(
                "A kept query takes rows and what they join, nothing that is fetched after them."
            )
        compiler = queryset.query.get_compiler(connection=connection)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            return None
        places = tuple(_place(parameter, stand_ins) for parameter in parameters)
        if {place for place, _constant in places if place is not None} != set(range(len(stand_ins))):
            raise ImproperlyConfigured("A kept query must compare each of its values as it is.")
        fields = [column[0] for column in compiler.select[: compiler.col_count]]
        converters = tuple((place, steps, what) for place, (steps, what) in compiler.get_converters(fields).items())
        return _Words(sql, places, converters, queryset.query.select_for_update, _maker(queryset, compiler))


def _stand_in(value: Value, number: int) -> Value:
    """A value of that type that no query holds by chance."""
    if isinstance(value, UUID):
        return uuid4()
    if isinstance(value, datetime):
        return _FAR + timedelta(microseconds=number)
    if type(value) is str:
        return f"stand-in {number} {uuid4()}"
    raise ImproperlyConfigured(f"A kept query takes no {type(value).__name__}.")


def _place(parameter: Any, stand_ins: Sequence[Value]) -> tuple[int | None, Any]:
    for number, value in enumerate(stand_ins):
        if type(parameter) is type(value) and parameter == value:
            return number, None
    if isinstance(parameter, str):
        return None, str(parameter)  # a choice is dumped by its value
    return None, parameter


def _maker(queryset: QuerySet[Any, Any], compiler: Any) -> Callable[[Sequence[Any]], Any]:
    """From a row of columns to what the queryset would give."""
    kind = queryset._iterable_class
    if kind is ValuesListIterable and not queryset.query.annotation_select and not queryset.query.extra_select:
        return tuple
    if kind is not ModelIterable:
        raise ImproperlyConfigured("A kept query gives rows, or tuples of plain columns.")
    about = compiler.klass_info
    model, columns = about["model"], about["select_fields"]
    first, last = columns[0], columns[-1] + 1
    names = [column[0].target.attname for column in compiler.select[first:last]]
    populators = get_related_populators(about, compiler.select, queryset.db)  # type: ignore[call-arg]  # the stubs are of a later Django
    annotations = list((compiler.annotation_col_map or {}).items())

    def made(row: Sequence[Any]) -> Any:
        found = model.from_db(queryset.db, names, row[first:last])
        for populator in populators:
            populator.populate(row, found)
        for name, place in annotations:
            setattr(found, name, row[place])
        return found

    return made


def insert(row: M) -> M:
    """A new row, as `save(force_insert=True)` writes it; columns that the database fills are read back."""
    meta, default = row._meta, connection.alias
    fields = [field for field in meta.concrete_fields if not isinstance(getattr(row, field.attname), DatabaseDefault)]
    filled = [field for field in meta.concrete_fields if field not in fields]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    sql = f'insert into "{meta.db_table}" ({columns}) values ({", ".join(["%s"] * len(fields))})'  # noqa: S608
    if filled:
        sql += " returning " + ", ".join(f'"{field.column}"' for field in filled)
    found = hot_rows(sql, [_stored(row, field, add=True) for field in fields])
    for field, value in zip(filled, found[0] if filled else (), strict=True):
        setattr(row, field.attname, value)
    row._state.adding, row._state.db = False, default
    return row


def update(row: Model, names: Sequence[str]) -> None:
    """These fields of a row that is there, as `save(update_fields=...)` writes them. The caller holds its lock."""
    meta = row._meta
    fields = [meta.get_field(name) for name in names]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)  # type: ignore[union-attr]
    sql = f'update "{meta.db_table}" set {columns} where "{meta.pk.column}" = %s returning 1'  # noqa: S608
    if not hot_rows(sql, [*(_stored(row, field, add=False) for field in fields), row.pk]):
        raise row.__class__.DoesNotExist(f"{meta.label} was not there any more")  # type: ignore[attr-defined]


def _stored(row: Model, field: Any, *, add: bool) -> Any:
    value = field.get_db_prep_save(field.pre_save(row, add), connection)
    return str(value) if isinstance(value, str) else value  # a choice is dumped by its value
