"""The reaction and memory task: kept, compared with the person's own beginning, told where somebody should look."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import User
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.patients.models import Patient
from apps.sessions.actions.labs import plan_checks
from apps.sessions.actions.sitting import refusals_audited
from apps.sessions.models import CognitionResult, MedicationAdministration
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.cognition import SHOWN, TRIES, Score, Task, below_beginning, score, slower_percent

AFTER_DOSE = timedelta(hours=24)
MOST_EARLY_KEPT = 99


def too_near_a_dose(patient: Patient) -> bool:
    """Within a day of a dose the task would measure the dose."""
    rows = MedicationAdministration.objects.known().filter(patient=patient)
    return rows.filter(started_at__gt=clock.now() - AFTER_DOSE).exists()


@refusals_audited
@transaction.atomic
def keep_cognition(
    *, patient: Patient, task: Task, reactions: Sequence[int], early: int, picks: Collection[int], client_id: UUID,
    actor: User,
) -> CognitionResult:  # fmt: skip
    """The same client id again is the same result. reactions in ms. Raises TreatmentRefused: not-yours, after-dose, tries."""
    if patient.user_id != actor.pk:
        raise TreatmentRefused("not-yours", _("This is not your record."))
    known = CognitionResult.objects.filter(patient=patient, client_id=client_id).first()
    if known is not None:
        return known
    if too_near_a_dose(patient):
        raise TreatmentRefused(
            "after-dose", _("Wait until a day after your session: today it would measure the medicine.")
        )
    if len(reactions) > TRIES or not 0 <= early <= MOST_EARLY_KEPT:
        raise TreatmentRefused("tries", _("This cannot be read. Please do it once more."))
    found = score(task, reactions, early, picks)
    before = list(CognitionResult.objects.filter(patient=patient, usable=True).order_by("taken_at", "id"))
    slower = slower_percent(found.median_ms, [row.median_ms for row in before]) if found.usable else None
    row = CognitionResult.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        client_id=client_id,
        taken_at=clock.now(),
        reactions=list(found.reactions),
        early=found.early,
        median_ms=found.median_ms,
        shown=SHOWN,
        recalled=found.recalled,
        wrong=found.wrong,
        usable=found.usable,
        slower_percent=slower,
        synthetic=patient.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    if row.usable:
        _compare(row, found, before)
        plan_checks(patient)
    return row


@for_the_desk()
def _compare(row: CognitionResult, found: Score, before: Sequence[CognitionResult]) -> None:
    settings = settings_of(row.patient.clinic)
    memories = [max(one.recalled - one.wrong, 0) for one in before]
    limits = {
        "slower_limit": settings["cognition_slower_percent"],
        "memory_limit": settings["cognition_fewer_words"],
    }
    if below_beginning(row.slower_percent, found.memory, memories, **limits):
        raise_alert(
            patient=row.patient,
            cause="cognition-below",
            level="P3",
            title=_("Reaction and memory: below the person's own beginning"),
            source_kind="cognition",
            source_id=row.pk,
            rule_code="cognition-below",
            synthetic=row.synthetic,
        )
