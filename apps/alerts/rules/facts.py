"""What a rule looks at, as of one moment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Answered:
    """A survey, or a single answer of one. instrument: its key; total: None where there is none (yet)."""

    id: UUID
    at: datetime
    instrument: str
    total: float | None
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """A reading. code: LOINC or one of ours."""

    id: UUID
    at: datetime
    code: str
    value: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A survey whose time is over, answered or not."""

    id: UUID
    at: datetime
    instrument: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """A dose, or a message with its text."""

    id: UUID
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a forecast said of later totals. at: when it was made; upper: (days ahead, upper end of its 80 % band)."""

    at: datetime
    instrument: str
    upper: tuple[tuple[int, float], ...]

    def upper_on(self, days: float) -> float:
        """The upper end so many days after it was made: straight between the days named, level outside them."""
        before = (self.upper[0][0], self.upper[0][1])
        for day, value in self.upper:
            if days <= day:
                share = (days - before[0]) / (day - before[0]) if day > before[0] and days > before[0] else 1.0
                return before[1] + share * (value - before[1])
            before = (day, value)
        return before[1]


@dataclass(frozen=True, slots=True)
class Facts:
    """One person's facts up to `at`, each list oldest first."""

    at: datetime
    answered: tuple[Answered, ...] = ()
    measured: tuple[Measured, ...] = ()
    asked: tuple[Asked, ...] = ()
    doses: tuple[Happened, ...] = ()
    written: tuple[Happened, ...] = ()
    expected: tuple[Expected, ...] = ()

    def until(self, moment: datetime) -> Facts:
        """The same person at an earlier moment."""
        return replace(
            self,
            at=moment,
            answered=tuple(one for one in self.answered if one.at <= moment),
            measured=tuple(one for one in self.measured if one.at <= moment),
            asked=tuple(one for one in self.asked if one.at <= moment),
            doses=tuple(one for one in self.doses if one.at <= moment),
            written=tuple(one for one in self.written if one.at <= moment),
            expected=tuple(one for one in self.expected if one.at <= moment),
        )


@dataclass(frozen=True, slots=True)
class Fired:
    """What a rule found. source: the row that it is about, once a rule; value: the number or phrase, for the desk."""

    source_kind: str
    source: UUID
    at: datetime
    value: str
    ordinal: int | None = None
