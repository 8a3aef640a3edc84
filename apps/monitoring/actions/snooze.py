"""Be reminded of an open survey later, at a time of one's own choice."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.live import wake_pump
from apps.monitoring.actions.answers import lock
from apps.monitoring.models import Slot, SlotState
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.schedule import choices_later, has_message_left, put_off
from apps.monitoring.slot_messages import point_for


@transaction.atomic
def snooze(*, slot: Slot, choice: str, actor: User | None, auth_level: str) -> datetime:
    """Move the next message about an open slot; when it comes. Choosing again replaces, and never adds a message.

    choice: 1h, 3h or evening. Raises SurveyRefused: slot-not-open, slot-closed, slot-answered, no-reminders,
    no-message-left, time-not-possible.
    """
    slot = lock(slot)
    _check_open(slot)
    _check_reminder(slot)
    choices = choices_later(slot)
    if choice not in choices:
        words = _("That time does not work: this form is closed by then, or you asked for quiet. Choose another time.")
        raise SurveyRefused("time-not-possible", words)
    if not put_off(slot, choices[choice]):
        raise _both_gone()
    actor_id = actor.pk if actor else None
    audit.record(action=Action.UPDATE, actor_id=actor_id, obj=slot, detail=f"remind {choice}, {auth_level}")
    wake_pump()
    return choices[choice]


def _check_open(slot: Slot) -> None:
    if slot.state == SlotState.ANSWERED:
        raise SurveyRefused("slot-answered", _("You have sent this form already. There is nothing to remind you of."))
    if slot.state == SlotState.SCHEDULED:
        raise SurveyRefused("slot-not-open", _("This form is not open yet."))
    if slot.state != SlotState.OPEN or slot.closes_at <= clock.now():
        raise SurveyRefused("slot-closed", _("This form is closed. Your next one will be on your home page."))


def _check_reminder(slot: Slot) -> None:
    if not has_message_left(slot):
        raise _both_gone()
    if point_for(slot, 2) is None:
        words = _("We have no way to remind you: reminders are switched off. You can switch them on under More.")
        raise SurveyRefused("no-reminders", words)


def _both_gone() -> SurveyRefused:
    words = _("We have written to you twice about this form and do not write again. You can still fill it in.")
    return SurveyRefused("no-message-left", words)
