"""The exercises that ship, in our own words: key -> title and steps."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "slow-breath": (
        _("Breathe slowly"),
        (
            _("Sit or lie so that nothing presses."),
            _("Breathe in through the nose while the circle grows."),
            _("Breathe out slowly while it gets smaller."),
            _("When you drift away, come back to the next breath. There is no right way."),
        ),
    ),
    "look-around": (
        _("Look around you"),
        (
            _("Name five things that you see."),
            _("Name four things that you feel: the chair, the blanket, your feet."),
            _("Name three things that you hear."),
            _("Name two things that you smell."),
            _("Say where you are and who is with you."),
        ),
    ),
    "body": (
        _("Through the body"),
        (
            _("Close your eyes if you like."),
            _("Feel your feet. Let them be heavy."),
            _("Go up slowly: legs, belly, back, hands, shoulders, face."),
            _("Wherever it is tight, breathe out there once and go on."),
            _("What you see or feel may come and go. You do not have to hold it."),
        ),
    ),
}
