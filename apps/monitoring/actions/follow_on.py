"""The C-SSRS screener after a positive item 9 of the PHQ-9 (clinical.md 1.2), where the clinic has its wording."""

from datetime import timedelta

from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.live import wake_pump
from apps.monitoring.actions.library import worded
from apps.monitoring.instruments import Finding
from apps.monitoring.models import Assignment, AuthLevel, Questionnaire, QuestionnaireResponse, Slot, SlotState

SCREENER, SINCE = "c-ssrs", "c-ssrs-since"
SCREENERS = (SCREENER, SINCE)
#: Code of the finding that asks for the screener.
TRIGGER = "phq9-item-9"
OPEN_FOR = timedelta(hours=24)


def screener_of(slot: Slot) -> Questionnaire | None:
    """The screener's wording in force in the slot's clinic, in the form's language; None: a clinician must ask it.

    Whoever has answered the whole one before is asked about the time since then, where that wording is installed.
    """
    asked = QuestionnaireResponse.objects.filter(
        patient_id=slot.patient_id, questionnaire__key__in=SCREENERS, status="completed"
    )
    keys = (SINCE, SCREENER) if asked.exists() else (SCREENER,)
    return next(filter(None, (worded(key, slot.clinic, slot.questionnaire.language) for key in keys)), None)


def follow_on_of(slot: Slot) -> Slot | None:
    """The screener that an answer in this form has opened, whatever became of it."""
    rows = Slot.objects.filter(
        patient_id=slot.patient_id, questionnaire__key__in=SCREENERS, slot_key=follow_on_key(slot)
    )
    return rows.select_related("questionnaire", "patient__user", "clinic", "assignment").first()


def follow_on_key(slot: Slot) -> str:
    """The name of the form that follows on this one: one at most, however often the answer is given."""
    return f"f-{slot.pk.hex[-16:]}"


def open_follow_on(slot: Slot, findings: tuple[Finding, ...], auth_level: str) -> Slot | None:
    """Open the screener at once, in the transaction of the answer. None where it does not follow or has no wording.

    Nobody is reminded of it: the person has the form in hand. Left unanswered, it is "not assessed" (P2).
    """
    if auth_level == AuthLevel.STAFF or not any(finding.code == TRIGGER for finding in findings):
        return None
    screener = screener_of(slot)
    if screener is None:
        return None
    known = follow_on_of(slot)
    return known or _open(slot, screener)


def _open(slot: Slot, screener: Questionnaire) -> Slot:
    now = clock.now()
    row = Slot.objects.create(
        clinic_id=slot.clinic_id,
        assignment=_assignment(slot, screener),
        patient_id=slot.patient_id,
        questionnaire=screener,
        slot_key=follow_on_key(slot),
        opens_at=now,
        closes_at=now + OPEN_FOR,
        time_zone=slot.time_zone,
        state=SlotState.OPEN,
        next_step_at=now + OPEN_FOR,
        nudged_at=now,
        synthetic=slot.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=None, obj=row, detail="follow-on")
    wake_pump()
    return row


def _assignment(slot: Slot, screener: Questionnaire) -> Assignment:
    """A schedule for it to hang on: the person's own of that instrument, else one without a rhythm."""
    running = Assignment.objects.filter(patient_id=slot.patient_id, questionnaire__key=screener.key, status="active")
    return running.order_by("-created_at").first() or Assignment.objects.create(
        clinic_id=slot.clinic_id,
        patient_id=slot.patient_id,
        questionnaire=screener,
        rhythm="follow-on",
        opens_time="00:00",
        open_hours=24,
        starts_on=clock.now().date(),
        synthetic=slot.synthetic,
    )
