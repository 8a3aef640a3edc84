"""The next step of an alert: whom to page next, and when. Pure: no Django, no database, no clock.

Inside a rung an unacknowledged page is repeated; the acknowledge limit, counted from entering the rung, moves to
the next rung; after the last rung the ladder begins again, for ever. An acknowledgement is a lease: when it ends
without news the alert is open again and its owner is paged first. At the contact limit the next rung is paged
even under a lease. Contacted and resolved alerts have no step. A P3 is a task: nobody is paged when it is raised;
at its due time, and each such time again, the next rung is told on the page.

Limits: clinical reference 4.2. All delays come scaled by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from apps.alerts.levels import Level

Scale = Callable[[timedelta], timedelta]
OPEN, ACKED = "open", "acked"


@dataclass(frozen=True, slots=True)
class Policy:
    """The ladder of one alert as it was when the alert was raised. rungs: targets, first to page first."""

    level: Level
    rungs: tuple[str, ...]
    acknowledge: timedelta
    contact: timedelta
    repeat: timedelta
    lease: timedelta

    @property
    def pages(self) -> bool:
        """False for tasks: told on the page, not over the phone."""
        return self.level.pages


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an alert stands. step_no: number of the next page; lease_until: only while acked."""

    state: str
    cycle: int
    step_no: int
    rung: int
    rung_entered_at: datetime
    contact_due_at: datetime
    last_page_at: datetime | None = None
    lease_until: datetime | None = None
    contact_overdue_paged: bool = False


class Reason(StrEnum):
    """Why a step is due."""

    FIRST = "first"
    REPEAT = "repeat"
    NEXT_RUNG = "next-rung"
    CONTACT_OVERDUE = "contact-overdue"
    LEASE_ENDED = "lease-ended"  # pages the owner, not the rung


@dataclass(frozen=True, slots=True)
class Move:
    """One step: why, and how the alert stands once it is made."""

    reason: Reason
    after: Standing

    @property
    def to_owner(self) -> bool:
        """Page the owner alone."""
        return self.reason is Reason.LEASE_ENDED


def policy_from(snapshot: Mapping[str, Any], scale: Scale = lambda delay: delay) -> Policy:
    """Read a snapshot: level, rungs (list of targets), acknowledge/contact/repeat/lease_minutes (above 0).

    Raises ValueError for anything else, so that a damaged snapshot cannot pass for an empty ladder.
    """
    rungs = snapshot.get("rungs")
    if not isinstance(rungs, list) or not all(isinstance(rung, str) for rung in rungs):
        raise ValueError("the rungs of a policy are a list of targets")
    return Policy(
        level=Level(snapshot.get("level")),
        rungs=tuple(rungs),
        acknowledge=scale(_minutes(snapshot, "acknowledge_minutes")),
        contact=scale(_minutes(snapshot, "contact_minutes")),
        repeat=scale(_minutes(snapshot, "repeat_minutes")),
        lease=scale(_minutes(snapshot, "lease_minutes")),
    )


def _minutes(snapshot: Mapping[str, Any], name: str) -> timedelta:
    value = snapshot.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"{name} must be a number of minutes above 0")
    return timedelta(minutes=value)


def weaker_ladder(before: Sequence[str], after: Sequence[str]) -> bool:
    """Would anybody who is paged now be paged later or not at all? Only more rungs at the end leave them all in place."""
    return list(after[: len(before)]) != list(before)


def begin(policy: Policy, standing: Standing, at: datetime) -> Standing:
    """The start of the ladder: the first rung, entered now (raising, or getting worse)."""
    return replace(standing, state=OPEN, rung=0, rung_entered_at=at, last_page_at=None, lease_until=None)


def climb(policy: Policy, standing: Standing, at: datetime) -> Standing:
    """The next rung, entered now; after the last one the first, one cycle on."""
    last = standing.rung + 1 >= len(policy.rungs)
    return replace(
        standing,
        rung=0 if last else standing.rung + 1,
        cycle=standing.cycle + 1 if last else standing.cycle,
        rung_entered_at=at,
    )


def lease(policy: Policy, standing: Standing, at: datetime) -> Standing:
    """Taken, or news from the owner: the lease runs from now."""
    return replace(standing, state=ACKED, lease_until=at + policy.lease)


def paged(standing: Standing, at: datetime) -> Standing:
    """One page was made."""
    return replace(standing, step_no=standing.step_no + 1, last_page_at=at)


def next_step_at(policy: Policy, standing: Standing) -> datetime | None:
    """When the alert must be looked at again; None once contacted or resolved."""
    if standing.state == OPEN:
        return min(_open_times(policy, standing))
    if standing.state == ACKED:
        return min(_acked_times(standing))
    return None


def _open_times(policy: Policy, standing: Standing) -> list[datetime]:
    times = [standing.rung_entered_at + policy.acknowledge]
    if standing.last_page_at is not None:
        times.append(standing.last_page_at + policy.repeat)
    elif policy.pages:
        times.append(standing.rung_entered_at)
    return times + _contact_time(standing)


def _acked_times(standing: Standing) -> list[datetime]:
    if standing.lease_until is None:
        raise ValueError("an acknowledged alert has a lease")
    return [standing.lease_until, *_contact_time(standing)]


def _contact_time(standing: Standing) -> list[datetime]:
    return [] if standing.contact_overdue_paged else [standing.contact_due_at]


def decide(policy: Policy, standing: Standing, at: datetime) -> Move | None:
    """The step that is due at that moment, or None. The page itself is counted by `paged`."""
    due = next_step_at(policy, standing)
    if due is None or due > at:
        return None
    if not standing.contact_overdue_paged and standing.contact_due_at <= at:
        after = replace(climb(policy, standing, at), contact_overdue_paged=True)
        return Move(Reason.CONTACT_OVERDUE, after)
    if standing.state == ACKED:
        after = replace(standing, state=OPEN, lease_until=None, rung_entered_at=at)
        return Move(Reason.LEASE_ENDED, after)
    if standing.rung_entered_at + policy.acknowledge <= at:
        return Move(Reason.NEXT_RUNG, climb(policy, standing, at))
    return Move(Reason.FIRST if standing.last_page_at is None else Reason.REPEAT, standing)


def rung_times(policy: Policy, standing: Standing) -> list[tuple[int, datetime]]:
    """The rungs still ahead in this cycle with the time at which each is paged if nobody takes the alert."""
    first = standing.rung_entered_at + policy.acknowledge
    if standing.state != OPEN:
        first = next_step_at(policy, standing) or first
    ahead = range(standing.rung + 1, len(policy.rungs))
    return [(rung, first + policy.acknowledge * place) for place, rung in enumerate(ahead)]
