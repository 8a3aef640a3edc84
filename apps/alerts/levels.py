"""The three alert levels and their time limits (clinical.md 1.0 and 4.2). Pure: no Django."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


@functools.total_ordering
class Level(Enum):
    """How soon a human must look. The more urgent level is the greater one: ``P1 > P2 > P3``."""

    P1 = "P1"  # immediate
    P2 = "P2"  # same day
    P3 = "P3"  # within 24 hours

    @property
    def urgency(self) -> int:
        """3 for P1, 2 for P2, 1 for P3."""
        return 4 - int(self.value[1])

    @property
    def pages(self) -> bool:
        """P1 and P2 notify a human at once; P3 is a task with a due time."""
        return self is not Level.P3

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Level):
            return NotImplemented
        return self.urgency < other.urgency

    def __str__(self) -> str:
        return self.value


class Rung(Enum):
    """Who is told, one after the other (clinical.md 4.2, "escalate to")."""

    CARE_COORDINATOR = "care_coordinator"
    TREATING_CLINICIAN = "treating_clinician"
    ON_CALL = "on_call"
    MEDICAL_DIRECTOR = "medical_director"
    EMERGENCY_SERVICES = "emergency_services"


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Limits of one level, in minutes since raising; inclusive (a limit is passed when elapsed > limit)."""

    acknowledge_minutes: int | None
    contact_minutes: int
    ladder: tuple[Rung, ...]


#: clinical.md 4.2 [PD]; a clinic may pass its own mapping to every function that takes ``limits``.
TIME_LIMITS: Mapping[Level, TimeLimits] = MappingProxyType(
    {
        Level.P1: TimeLimits(15, 60, (Rung.ON_CALL, Rung.MEDICAL_DIRECTOR, Rung.EMERGENCY_SERVICES)),
        Level.P2: TimeLimits(60, 240, (Rung.TREATING_CLINICIAN, Rung.ON_CALL, Rung.MEDICAL_DIRECTOR)),
        Level.P3: TimeLimits(None, 1440, (Rung.CARE_COORDINATOR, Rung.TREATING_CLINICIAN)),
    }
)


def worst(levels: Iterable[Level | None]) -> Level | None:
    """The most urgent of the levels; None where there is none."""
    return max((level for level in levels if level is not None), default=None)
