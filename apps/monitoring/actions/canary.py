"""The unsafe answer of the clinic's canary, given by the verb of any answer (telek/canary.py says why)."""

from datetime import timedelta
from uuid import UUID, uuid5

from django.db import connection, transaction

from apps.accounts.models import Clinic
from apps.core import clock
from apps.monitoring.actions.answers import save_answer
from apps.monitoring.models import AuthLevel, Questionnaire, Slot, SlotState

INSTRUMENT, ITEM, WORST = "phq-9", "q9", 3
OPEN_FOR = timedelta(minutes=1)


@transaction.atomic
def answer_as_canary(*, clinic: Clinic, key: str) -> bool:
    """Give the worst answer to item 9; the same key once. False where it was given, or nothing is published to answer.

    By staff, so that no screener follows. The form is closed again in the same transaction: it is no form of anybody.
    """
    questionnaire = Questionnaire.objects.filter(key=INSTRUMENT, from_pack=False).order_by("-created_at").first()
    if questionnaire is None:
        return False
    now = clock.now()
    slot = Slot.objects.get(pk=_slot_of(clinic, questionnaire))
    Slot.objects.filter(pk=slot.pk).update(
        questionnaire=questionnaire,
        state=SlotState.OPEN,
        opens_at=now,
        closes_at=now + OPEN_FOR,
        next_step_at=now + OPEN_FOR,
        nudged_at=now,
    )
    saved = save_answer(
        slot=slot,
        link_id=ITEM,
        value=WORST,
        client_id=uuid5(clinic.pk, key),
        answered_at=now,
        actor=None,
        auth_level=AuthLevel.STAFF,
        presentation="api",
    )
    Slot.objects.filter(pk=slot.pk).update(state=SlotState.CANCELLED, next_step_at=None)
    return saved.created


def _slot_of(clinic: Clinic, questionnaire: Questionnaire) -> UUID:
    """The canary's only form; the database makes it and the canary where they are missing."""
    with connection.cursor() as cursor:
        cursor.execute("select monitoring_canary_slot(%s, %s)", [clinic.pk, questionnaire.pk])
        found: UUID = cursor.fetchone()[0]
    return found
