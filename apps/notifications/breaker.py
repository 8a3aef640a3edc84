"""A circuit breaker for each channel of this process: a provider that is down is not hammered with reminders.

Alerts never wait for it: while it is open, only they are tried.
"""

import time
from dataclasses import dataclass, field
from typing import Final

FAILURES_TO_OPEN: Final = 5
OPEN_SECONDS: Final = 15.0


@dataclass
class Breaker:
    """Counts failures in a row, by channel. Several lanes may note at once: a miscount by one or two is harmless."""

    failures: dict[str, int] = field(default_factory=dict)
    opened_at: dict[str, float] = field(default_factory=dict)

    def is_open(self, channel: str) -> bool:
        """Five failures in a row, less than 15 seconds ago; after that one row tries whether it works again."""
        opened = self.opened_at.get(channel)
        return opened is not None and time.monotonic() - opened < OPEN_SECONDS

    def note(self, channel: str, *, worked: bool) -> None:
        """One answer, or none."""
        if worked:
            self.failures.pop(channel, None)
            self.opened_at.pop(channel, None)
            return
        self.failures[channel] = self.failures.get(channel, 0) + 1
        if self.failures[channel] >= FAILURES_TO_OPEN:
            self.opened_at[channel] = time.monotonic()
