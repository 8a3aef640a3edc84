"""Why a drawing is no signature, in words for the person."""

from django.utils.translation import gettext as _

from apps.sessions.treatment.signature import Unreadable


def refused_words(fault: Unreadable) -> str:
    """What to do instead."""
    return {
        "little": _("That is very little for a signature. Draw it a bit larger, or type your name."),
        "many": _("That drawing is too long. Clear it and sign once more, or type your name."),
    }.get(fault.code, _("The drawing did not arrive as it should. Clear it and sign once more, or type your name."))
