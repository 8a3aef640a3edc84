"""How much a live socket may ask for, and how long it may be silent."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

IDLE, REPLACED, TOO_BIG, SLOW, TRY_LATER = 4408, 4409, 4413, 4429, 1013


@dataclass(frozen=True)
class Limits:
    """Names end in their unit: _s seconds, _bytes bytes; the others are counts."""

    frame_bytes: int = 16 * 1024
    frames_per_s: float = 10
    burst: int = 30
    sockets: int = 5  # a person, in one process; the oldest makes room
    topics: int = 50
    idle_s: float = 90
    identify_s: float = 30
    slow_s: float = 30
    blind_s: float = 5  # without hints, or after a failure, everything is compared this often
    tick_s: float = 1


LIMITS = Limits()


class Bucket:
    """A burst, refilled steadily."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = float(limits.burst)
        self._at = 0.0

    def take(self, at: float) -> bool:
        """One frame at that moment (seconds of any steady clock); False when the client is too fast."""
        refill = (at - self._at) * self._limits.frames_per_s
        self._left = min(float(self._limits.burst), self._left + refill)
        self._at = at
        if self._left < 1:
            return False
        self._left -= 1
        return True


_open: defaultdict[UUID, list[Any]] = defaultdict(list)


def admit(user_id: UUID, socket: Any, most: int) -> list[Any]:
    """Count a socket in; the ones that must make room for it, oldest first."""
    _open[user_id].append(socket)
    return _open[user_id][:-most]


def dismiss(user_id: UUID, socket: Any) -> None:
    """Count a socket out."""
    if socket in _open.get(user_id, ()):
        _open[user_id].remove(socket)
    if not _open.get(user_id):
        _open.pop(user_id, None)
