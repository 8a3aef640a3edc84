"""The ledger of controlled substances: what each entry does to the balance, and that it all adds up. Pure.

Invariant (clinical.md 2.8): opening + received = given + wasted + returned + closing. What was lost or broken counts as
wasted, what was found as received, each under its own name. A correction is an entry of the same kind with the amount
turned round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Entry(StrEnum):
    """What an entry is about."""

    RECEIVED = "received"
    FOUND = "found"
    GIVEN = "given"
    WASTED = "wasted"
    BROKEN = "broken"
    LOST = "lost"
    RETURNED = "returned"
    COUNTED = "counted"


#: Which side of the sum each kind stands on.
SIDE = {
    Entry.RECEIVED: "received",
    Entry.FOUND: "received",
    Entry.GIVEN: "given",
    Entry.WASTED: "wasted",
    Entry.BROKEN: "wasted",
    Entry.LOST: "wasted",
    Entry.RETURNED: "returned",
}


@dataclass(frozen=True, slots=True)
class Sums:
    """Milligrams over some stretch of the ledger."""

    opening: Decimal
    received: Decimal
    given: Decimal
    wasted: Decimal
    returned: Decimal
    closing: Decimal

    @property
    def adds_up(self) -> bool:
        """The invariant."""
        return self.opening + self.received == self.given + self.wasted + self.returned + self.closing


def change_of(kind: Entry, amount: Decimal) -> Decimal:
    """What an entry adds to the balance; a count changes nothing."""
    if kind is Entry.COUNTED:
        return Decimal(0)
    return amount if SIDE[kind] == "received" else -amount


def sums(opening: Decimal, entries: Iterable[tuple[Entry, Decimal]]) -> Sums:
    """All of it, with the closing balance that follows."""
    sides = dict.fromkeys(("received", "given", "wasted", "returned"), Decimal(0))
    closing = opening
    for kind, amount in entries:
        closing += change_of(kind, amount)
        if kind is not Entry.COUNTED:
            sides[SIDE[kind]] += amount
    return Sums(opening=opening, closing=closing, **sides)
