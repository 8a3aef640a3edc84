"""A scale that is filled in together, in a visit: opened now, answered by either side, handed in or put away."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.ids import new_id
from apps.core.live import wake_pump
from apps.monitoring.actions.library import on_offer
from apps.monitoring.models import Assignment, ItemAnswer, Questionnaire, Slot, SlotState
from apps.monitoring.published import definition_of
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient

OPEN_FOR = timedelta(hours=12)
MARK = "t-"  # begins the key of a slot that was opened this way


def scales_for_visits(clinic: Clinic) -> list[Questionnaire]:
    """What two people can look at together: every instrument on offer whose wording is there."""
    return [row for row in on_offer(clinic) if definition_of(row).has_wording]


@transaction.atomic
def open_together(*, patient: Patient, questionnaire: Questionnaire, actor: User) -> Slot:
    """The open filling of that instrument, else a new one that nobody is reminded of. Raises SurveyRefused: no-wording."""
    if not definition_of(questionnaire).has_wording:
        raise SurveyRefused("no-wording", _("This scale has no wording here."))
    waiting = Slot.objects.filter(patient=patient, questionnaire__key=questionnaire.key, state=SlotState.OPEN)
    return waiting.order_by("opens_at").first() or _open(patient, questionnaire, actor)


@transaction.atomic
def put_away(*, slot: Slot) -> None:
    """Nobody answered what was opened for the visit alone: it does not count as missed."""
    rows = Slot.objects.filter(pk=slot.pk, state=SlotState.OPEN, slot_key__startswith=MARK)
    if rows.select_for_update().exists() and not ItemAnswer.objects.filter(slot=slot).exists():
        rows.update(state=SlotState.CANCELLED, next_step_at=None)


def _open(patient: Patient, questionnaire: Questionnaire, actor: User) -> Slot:
    now = clock.now()
    row = Slot.objects.create(
        clinic_id=patient.clinic_id,
        assignment=_assignment(patient, questionnaire, actor),
        patient=patient,
        questionnaire=questionnaire,
        slot_key=f"{MARK}{new_id().hex[-16:]}",
        opens_at=now,
        closes_at=now + OPEN_FOR,
        time_zone=patient.time_zone,
        state=SlotState.OPEN,
        next_step_at=now + OPEN_FOR,
        nudged_at=now,
        synthetic=patient.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail="together")
    wake_pump()
    return row


def _assignment(patient: Patient, questionnaire: Questionnaire, actor: User) -> Assignment:
    """A schedule for it to hang on: the person's own of that instrument, else one without a rhythm."""
    running = Assignment.objects.filter(patient=patient, questionnaire__key=questionnaire.key, status="active")
    return running.order_by("-created_at").first() or Assignment.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        questionnaire=questionnaire,
        rhythm="staff",
        opens_time="00:00",
        open_hours=12,
        starts_on=clock.now().date(),
        assigned_by=actor.membership,
        synthetic=patient.synthetic,
    )
