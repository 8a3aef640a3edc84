"""A dose as monitoring sees it: the moment that surveys, curves and readings hang on."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.monitoring.models import Anchor
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
    return anchor


@transaction.atomic
def move_anchor(*, anchor: Anchor, started_at: datetime, ended_at: datetime | None, actor: User | None) -> Anchor:
    """The dose began or ended at another time than was written; what hangs on it hangs on the new time."""
    anchor = Anchor.objects.select_for_update().get(pk=anchor.pk)
    anchor.started_at, anchor.ended_at = started_at, ended_at
    anchor.save(update_fields=["started_at", "ended_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=anchor, detail="moved")
    return anchor


@transaction.atomic
def void_anchor(*, anchor: Anchor, actor: User | None) -> Anchor:
    """The dose was entered in error: nothing hangs on it any more."""
    anchor = Anchor.objects.select_for_update().get(pk=anchor.pk)
    anchor.status = "entered-in-error"
    anchor.save(update_fields=["status"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=anchor, detail="entered-in-error")
    return anchor
