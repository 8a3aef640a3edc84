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
