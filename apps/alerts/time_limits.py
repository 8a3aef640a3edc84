"""Where an alert stands against its time limits (clinical.md 4.2). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from apps.alerts.levels import TIME_LIMITS, Level, TimeLimits


class SlaState(Enum):
    """What the clock asks for."""

    OPEN = "open"
    CLOSED = "closed"
    ESCALATE_UNACKNOWLEDGED = "escalate_unacknowledged"
    ESCALATE_NO_CONTACT = "escalate_no_contact"


def alert_sla(
    level: Level,
    elapsed_minutes: float,
    *,
    acknowledged: bool,
    contacted: bool,
    limits: Mapping[Level, TimeLimits] = TIME_LIMITS,
) -> SlaState:
    """State of an alert so many minutes after raising; a limit itself is still in time.

    Raises ValueError for a negative or not finite time.
    """
    if not 0 <= elapsed_minutes < float("inf"):
        raise ValueError("elapsed minutes must be a finite number of 0 or more")
    limit = limits[level]
    if contacted:
        return SlaState.CLOSED
    if not acknowledged and limit.acknowledge_minutes is not None and elapsed_minutes > limit.acknowledge_minutes:
        return SlaState.ESCALATE_UNACKNOWLEDGED
    return SlaState.ESCALATE_NO_CONTACT if elapsed_minutes > limit.contact_minutes else SlaState.OPEN
