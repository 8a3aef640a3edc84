"""What a page offers as "remind me later"."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.monitoring.models import Slot
from apps.monitoring.schedule import choices_later, has_message_left
from apps.monitoring.slot_messages import point_for


def choices_shown(slot: Slot) -> list[tuple[str, str]]:
    """(choice, words) that the action would take now; [] when no message is left or none reaches the person."""
    words = {"1h": _("In 1 hour"), "3h": _("In 3 hours"), "evening": _("This evening")}
    choices = choices_later(slot)
    if not choices or not has_message_left(slot) or point_for(slot, 2) is None:
        return []
    return [(choice, words[choice]) for choice in choices]
