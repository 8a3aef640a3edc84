"""A dose as monitoring sees it: the moment that surveys, curves and readings hang on."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core.live import wake_pump
from apps.monitoring.models import Anchor
from apps.monitoring.plans import replan
from apps.patients.models import Patient


@transaction.atomic
def record_anchor(
    *,
    patient: Patient,
    kind: str,
    label: str,
    started_at: datetime,
    ended_at: datetime | None,
    actor: User | None,
    synthetic: bool = False,
) -> Anchor:
    """Store the moment. kind: 'dose'; label: as the curve prints it, 'IV 0.5 mg/kg'. Needs the clinic in scope."""
    anchor = Anchor.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        kind=kind,
        label=label,
        started_at=started_at,
        ended_at=ended_at,
        synthetic=synthetic or patient.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=anchor)
    _follow(patient)
    return anchor


@transaction.atomic
def move_anchor(*, anchor: Anchor, started_at: datetime, ended_at: datetime | None, actor: User | None) -> Anchor:
    """The dose was given at another time. Forms that hang on it follow; what was sent or answered stays as it is."""
    row = Anchor.objects.select_for_update(of=("self",)).select_related("patient__clinic").get(pk=anchor.pk)
    if (row.started_at, row.ended_at) == (started_at, ended_at):
        return row
    row.started_at, row.ended_at = started_at, ended_at
    row.save(update_fields=["started_at", "ended_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=row, detail="moved")
    _follow(row.patient)
    return row


@transaction.atomic
def void_anchor(*, anchor: Anchor, actor: User | None) -> Anchor:
    """The dose was entered in error: its planned forms are cancelled, its answers stay."""
    row = Anchor.objects.select_for_update(of=("self",)).select_related("patient__clinic").get(pk=anchor.pk)
    if row.status == "entered-in-error":
        return row
    row.status = "entered-in-error"
    row.save(update_fields=["status"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=row, detail="entered in error")
    _follow(row.patient)
    return row


def _follow(patient: Patient) -> None:
    replan(patient)
    wake_pump()
