"""What a survey cannot do for somebody, in words for them. Pure."""

from __future__ import annotations


class SurveyRefused(Exception):
    """What was asked is not possible. `code` is stable (slot-closed, slot-not-open, answer-conflict, ...).

    `message` is for the person who asked, already translated.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
