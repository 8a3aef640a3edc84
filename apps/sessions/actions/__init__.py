"""Every verb of a visit. Others import from here: `from apps.sessions.actions import book_visit`."""

from apps.sessions.actions.booking import ask_for_visit, book_visit, cancel, change, conflicts, take_over
from apps.sessions.actions.call import admit, finish, here, hold_by_phone, join, leave, report
from apps.sessions.actions.notes import correct_note, save_note, sign_note
from apps.sessions.actions.waiting import CHECKS, arrive, ask_for_phone, note_device_check, say_delay, wait
from apps.sessions.refusal import VisitRefused

__all__ = [
    "CHECKS",
    "VisitRefused",
    "admit",
    "arrive",
    "ask_for_phone",
    "ask_for_visit",
    "book_visit",
    "cancel",
    "change",
    "conflicts",
    "correct_note",
    "finish",
    "here",
    "hold_by_phone",
    "join",
    "leave",
    "note_device_check",
    "report",
    "save_note",
    "say_delay",
    "sign_note",
    "take_over",
    "wait",
]
