"""What providers tell about a message, whichever way they tell it: noted once, in its clinic, never backwards."""

from typing import Final
from uuid import UUID

from django.db import transaction

from apps.core.db.scope import use_clinic
from apps.notifications.actions import note_failed_receipt, note_receipt
from apps.notifications.keys import clinic_of
from telek.unreached import reach_otherwise

DELIVERED: Final = "delivered"
OPENED: Final = "opened"
FAILED: Final = "failed"


def note(delivery_id: UUID, outcome: str) -> bool:
    """Note that; other words are of no interest. False when no delivery has that key."""
    clinic_id = clinic_of(delivery_id)
    if clinic_id is None:
        return False
    with use_clinic(clinic_id), transaction.atomic():
        if outcome in (DELIVERED, OPENED):
            note_receipt(delivery_id=delivery_id, opened=outcome == OPENED)
        elif outcome == FAILED and (failed := note_failed_receipt(delivery_id=delivery_id)) is not None:
            reach_otherwise(failed)
    return True
