"""Write the audit trail, in the transaction of what it records."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import models, transaction

from apps.audit.models import Action
from apps.core.context import request_id
from apps.core.db.hot import hot_rows
from apps.core.db.scope import current_scope
from apps.core.ids import new_id


def record(
    *,
    action: Action,
    actor_id: UUID | None,
    obj: models.Model | None = None,
    object_type: str = "",
    detail: str = "",
    patient_id: UUID | None = None,
    clinic_id: UUID | None = None,
) -> None:
    """One row. detail is a code or a name of a field, never a clinical value."""
    _write([_fields(action, actor_id, obj, object_type, detail, patient_id, clinic_id)])


def record_seen(objects: Iterable[models.Model], *, actor_id: UUID | None, detail: str = "") -> None:
    """One row for each object that was shown, all in one statement."""
    _write([_fields(Action.READ, actor_id, obj, "", detail, None, None) for obj in objects])


@dataclass(frozen=True, slots=True)
class Fact:
    """What `record` takes, as a value. detail is a code or a name of a field, never a clinical value."""

    action: Action
    actor_id: UUID | None
    obj: models.Model | None = None
    detail: str = ""
    patient_id: UUID | None = None
    object_type: str = ""
    clinic_id: UUID | None = None


def record_together(facts: Iterable[Fact]) -> None:
    """One row for each, all in one statement."""
    _write(
        [
            _fields(one.action, one.actor_id, one.obj, one.object_type, one.detail, one.patient_id, one.clinic_id)
            for one in facts
        ]
    )


def record_refusal(*, actor_id: UUID | None, object_type: str, detail: str, clinic_id: UUID | None = None) -> None:
    """A refusal, in a savepoint of its own; call it outside the transaction that is about to roll back."""
    with transaction.atomic():
        record(action=Action.REFUSED, actor_id=actor_id, object_type=object_type, detail=detail, clinic_id=clinic_id)


COLUMNS = (
    "actor_id",
    "patient_id",
    "clinic_id",
    "action",
    "object_type",
    "object_id",
    "detail",
    "request_id",
)
WRITE = (
    "insert into audit_auditevent"
    " (id, actor_id, patient_id, clinic_id, action, object_type, object_id, detail, request_id)"
    " select * from unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::uuid[],"
    " %s::text[], %s::text[])"
)


def _write(rows: list[dict[str, object]]) -> None:
    """Arrays, because a page shows fifty rows and a list of values for each costs ten times the CPU."""
    if not rows:
        return
    ids = [str(new_id()) for _row in rows]
    columns = [[None if row[name] is None else str(row[name]) for row in rows] for name in COLUMNS]
    hot_rows(WRITE, [ids, *columns])


def _fields(
    action: Action,
    actor_id: UUID | None,
    obj: models.Model | None,
    object_type: str,
    detail: str,
    patient_id: UUID | None,
    clinic_id: UUID | None,
) -> dict[str, object]:
    return {
        "action": action,
        "actor_id": actor_id,
        "object_type": object_type or (obj._meta.label_lower if obj is not None else ""),
        "object_id": obj.pk if obj is not None and isinstance(obj.pk, UUID) else None,
        "patient_id": patient_id or _patient_of(obj),
        "clinic_id": clinic_id or getattr(obj, "clinic_id", None) or current_scope().clinic,
        "detail": detail[:200],
        "request_id": request_id.get(),
    }


def _patient_of(obj: models.Model | None) -> UUID | None:
    if obj is None:
        return None
    if obj._meta.model_name == "patient":
        return obj.pk
    return getattr(obj, "patient_id", None)
