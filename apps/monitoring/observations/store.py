"""Rows of readings in PostgreSQL: one statement a batch, each place taken once.

COPY would be faster by half again, but PostgreSQL refuses COPY FROM into a table behind row-level security, and a
staging table would stand outside of it: one INSERT keeps the wall (docs/decisions/0011-readings-by-month.md). The rows go
as one JSON text, which costs a third of what arrays of them cost here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from apps.core.db.hot import hot_rows

INSERT = """
insert into monitoring_observation
  (id, clinic_id, patient_id, code, value, unit, effective_at, source, given, status, revision, corrects, synthetic)
select u.id, %s::uuid, %s::uuid, u.code, u.value, u.unit, u.at, %s::text, u.given, 'final', 0, null, %s::bool
from jsonb_to_recordset(%s::jsonb) as u (id uuid, code text, value numeric, unit text, at timestamptz, given text)
on conflict do nothing returning id
"""
EXISTING = """
select o.code, o.effective_at, o.value from monitoring_observation o
join unnest(%s::text[], %s::timestamptz[]) as u (code, at) on o.code = u.code and o.effective_at = u.at
where o.clinic_id = %s and o.patient_id = %s and o.source = %s and o.revision = 0
"""
Key = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class Row:
    """A reading as it is stored. given: as it came, where its unit was converted."""

    id: UUID
    code: str
    value: Decimal
    unit: str
    effective_at: datetime
    given: str = ""

    @property
    def key(self) -> Key:
        """Its place, for one person and source."""
        return self.code, self.effective_at


@dataclass(frozen=True, slots=True)
class Place:
    """Whose readings, from which source."""

    clinic_id: UUID
    patient_id: UUID
    source: str
    synthetic: bool


def insert(place: Place, rows: Sequence[Row], *, months_are_there: bool) -> set[UUID]:
    """Store the rows whose place is free; the ids of those. A month that is missing is made.

    months_are_there: looked up in this transaction, so that nothing can be missing and no savepoint is needed.
    """
    if not rows:
        return set()
    if months_are_there:
        return _insert(place, rows)
    try:
        with transaction.atomic():
            return _insert(place, rows)
    except IntegrityError as error:
        if "no partition" not in str(error):
            raise
    ready_months(min(row.effective_at for row in rows), max(row.effective_at for row in rows))
    return _insert(place, rows)


def values_at(place: Place, keys: Sequence[Key]) -> dict[Key, Decimal]:
    """What stands in those places already."""
    codes, moments = [code for code, _ in keys], [at for _, at in keys]
    with connection.cursor() as cursor:
        cursor.execute(EXISTING, [codes, moments, place.clinic_id, place.patient_id, place.source])
        return {(code, at): value for code, at, value in cursor.fetchall()}


def month_of(at: datetime) -> str:
    """The partition of that moment."""
    return f"observation_{at.astimezone(UTC):%Y%m}"


def ready_months(first: datetime, last: datetime) -> int:
    """Make the monthly partitions from one moment to the other, as far as they are missing; how many."""
    with connection.cursor() as cursor:
        cursor.execute("select monitoring_ready_months(%s, %s)", [first, last])
        return int(cursor.fetchone()[0])


def _insert(place: Place, rows: Sequence[Row]) -> set[UUID]:
    document = json.dumps(
        [
            {
                "id": str(row.id),
                "code": row.code,
                "value": str(row.value),
                "unit": row.unit,
                "at": row.effective_at.isoformat(),
                "given": row.given,
            }
            for row in rows
        ]
    )
    values = [place.clinic_id, place.patient_id, place.source, place.synthetic, document]
    return {found for (found,) in hot_rows(INSERT, values)}
