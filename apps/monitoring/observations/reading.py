"""One value on its way in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """One value. code: LOINC or a local code of `plausibility`; unit: UCUM; value: a number, never a text."""

    code: str
    value: object
    unit: str
    effective_at: datetime


class BodyRefused(ValueError):
    """What was sent is not readings. code: one of bad-field, too-many, not-json, unknown-resource, ..."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
