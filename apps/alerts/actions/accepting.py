"""A page is accepted where it arrived: by the link in the message, a key press in the call, or its code as a reply.

The one-tap link and the key of the call name a delivery, the code one of the pages of that person by text message, and the delivery names the person: whoever holds it takes the
alert in that person's name, and sees nothing else. One delivery accepts once, and only while the page is fresh.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User, membership_in_force
from apps.alerts.actions.handling import acknowledge
from apps.alerts.actions.raising import CODE_LENGTH, CODE_LETTERS
from apps.alerts.models import Alert, AlertState
from apps.alerts.refusal import AlertRefused
from apps.core import clock
from apps.core.failpoints import failpoint
from apps.notifications import actions as notifications
from apps.notifications.models import Channel, Delivery, Kind

FRESH: Final = timedelta(hours=12)
PAGE: Final = "alert_page"


class Outcome(StrEnum):
    """What became of it."""

    YOURS = "yours"
    TAKEN = "taken"  # by a colleague
    CLOSED = "closed"
    OVER = "over"  # too old, used before, or of somebody who may not take alerts (any more)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that may be accepted: its code is all that it shows. outcome: None while it is still to be decided."""

    code: str
    outcome: Outcome | None = None


def look_at(*, delivery_id: UUID) -> Page:
    """What the link would do now; changes nothing, so that programs which follow every link take no alert."""
    row = Delivery.objects.filter(pk=delivery_id, kind=Kind.ALERT, template=PAGE).first()
    if row is None:
        return Page("", Outcome.OVER)
    return Page(str(row.context.get("code", "")), _settled(row))


@transaction.atomic
def accept(*, delivery_id: UUID, way: str) -> Page:
    """Take the alert of that page in the name of the person whom it was sent to. way: "link", "call" or "text".

    Whoever answers has had the page, also where there is nothing to take any more.

    The row is locked: of two taps one accepts. Needs the clinic in scope.
    """
    rows = Delivery.objects.filter(pk=delivery_id, kind=Kind.ALERT, template=PAGE)
    row = rows.select_for_update().first()
    if row is None:
        return Page("", Outcome.OVER)
    code = str(row.context.get("code", ""))
    if (settled := _settled(row)) is not None:
        notifications.note_receipt(delivery_id=row.pk, opened=True)
        return Page(code, settled)
    person = _person_of(row)
    if person is None:
        return Page(code, Outcome.OVER)
    outcome = _take(row, person, way)
    notifications.note_answered(delivery_id=row.pk)
    failpoint("accept.before-commit")
    return Page(code, outcome)


def accept_by_code(*, code: str, recipient_id: UUID, clinic_id: UUID) -> Page:
    """The same for the newest page by text message to that person with that code."""
    rows = Delivery.objects.filter(
        clinic_id=clinic_id,
        kind=Kind.ALERT,
        template=PAGE,
        channel=Channel.SMS,
        recipient_id=recipient_id,
        context__code=code,
    )
    newest = rows.order_by("-not_before", "-pk").first()
    return Page(code, Outcome.OVER) if newest is None else accept(delivery_id=newest.pk, way="text")


def code_in(text: str) -> str:
    """The code of an alert in a reply, however it was typed; "" where there is none."""
    plain = "".join(letter for letter in text.upper() if letter.isalnum())
    return plain if len(plain) == CODE_LENGTH and set(plain) <= set(CODE_LETTERS) else ""


def _settled(row: Delivery) -> Outcome | None:
    """What needs no trying; None when the alert is there to be taken."""
    alert = Alert.objects.filter(pk=row.subject_id).first() if row.subject_id else None
    if alert is None:
        return Outcome.OVER
    if alert.state == AlertState.RESOLVED:
        return Outcome.CLOSED
    if alert.state != AlertState.OPEN:
        return Outcome.YOURS if alert.owner and alert.owner.user_id == row.recipient_id else Outcome.TAKEN
    if row.answered_at is not None or clock.now() > row.not_before + FRESH:
        return Outcome.OVER
    return None


def _person_of(row: Delivery) -> User | None:
    """Whom the page was sent to, as the member that they are now."""
    member = membership_in_force(row.recipient_id, row.clinic_id, clock.now())
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    if member is None or person is None:
        return None
    person.membership = member
    return person


def _take(row: Delivery, person: User, way: str) -> Outcome:
    try:
        with transaction.atomic():
            acknowledge(alert=Alert.objects.get(pk=str(row.subject_id)), actor=person, by=way)
    except AlertRefused as refusal:
        return {"taken": Outcome.TAKEN, "closed": Outcome.CLOSED}.get(refusal.code, Outcome.OVER)
    except Alert.DoesNotExist:
        return Outcome.OVER
    return Outcome.YOURS
