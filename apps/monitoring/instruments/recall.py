"""How far back a questionnaire asks, and when two of them ask about the same days (clinical.md 1.2). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

Key = TypeVar("Key")
_DAYS: Mapping[str, int] = MappingProxyType(
    {
        "1 week": 7,
        "7 days": 7,
        "past week": 7,
        "2 weeks": 14,
        "1 month": 30,
        "past month": 30,
        "12 months": 365,
        "1 year": 365,
    }
)


def overlap_below(recall: str) -> timedelta:
    """Spacing below which two answers overlap so much that the pair is to be read with care: half the time asked about.

    Two weeks of the PHQ-9 give seven days. Nothing for what asks about today, now, or the time since the last contact.
    """
    return timedelta(days=_DAYS.get(recall, 0)) / 2


def overlapping(asked: Iterable[tuple[Key, datetime]], recall: str) -> set[Key]:
    """Those of one instrument that come too soon after the one before."""
    limit, found = overlap_below(recall), set()
    before: datetime | None = None
    for name, at in sorted(asked, key=lambda one: one[1]):
        if before is not None and at - before < limit:
            found.add(name)
        before = at
    return found
