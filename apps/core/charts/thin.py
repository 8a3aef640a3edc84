"""A long series with as many points as a picture can show, and every peak and trough still in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")
MOST = 400


def thinned(
    rows: Sequence[T],
    *,
    at: Callable[[T], datetime],
    value: Callable[[T], float],
    since: datetime,
    most: int = MOST,
) -> list[T]:
    """Rows oldest first: all from `since` on, and of those before it about `most`.

    The time before is cut into equal parts; of each its lowest and its highest stay, and the very first row does.
    """
    old = [row for row in rows if at(row) < since]
    if len(old) <= most:
        return list(rows)
    begin = at(old[0])
    width = (at(old[-1]) - begin) / (most // 2)
    parts: dict[int, list[T]] = {}
    for row in old:
        parts.setdefault(int((at(row) - begin) / width) if width else 0, []).append(row)
    kept = {id(old[0]): old[0]}
    for part in parts.values():
        kept |= {id(row): row for row in (min(part, key=value), max(part, key=value))}
    return sorted(kept.values(), key=at) + [row for row in rows if at(row) >= since]
