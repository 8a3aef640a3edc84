"""Does the worker still consume? Beat sends a task every 30 s that writes a row; a worker that is connected and takes
nothing leaves the row old. What is older than 75 s ends the worker, and the supervisor starts it again.

Workers that reconnect to their broker and never consume again are a recurring fault of Celery on Redis (issues 8030, 8091,
8384, 10205): only consumption shows it.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

STALE_SECONDS: Final = 75.0
GRACE_SECONDS: Final = 120.0  # a fresh worker needs time for its first task
ASK_EVERY_SECONDS: Final = 15.0


@dataclass
class ConsumptionProbe:
    """ask: seconds since the worker was last heard, None when nobody can say; restart: ends the worker."""

    ask: Callable[[], float | None]
    restart: Callable[[], None]
    say: Callable[[str], None]
    now: Callable[[], float] = time.monotonic
    _since: float = field(default=float("-inf"))

    def begin(self) -> None:
        """The worker has been started."""
        self._since = self.now()

    def look(self) -> bool:
        """One look; True when the worker was ended."""
        if self.now() - self._since < GRACE_SECONDS:
            return False
        age = self.ask()
        if age is None or age <= STALE_SECONDS:
            return False
        self.say(f"launcher| the worker has consumed nothing for {age:.0f} s, starting it again")
        self.begin()
        self.restart()
        return True

    def run(self, stopping: threading.Event) -> None:
        """Look every 15 seconds until told to stop."""
        self.begin()
        while not stopping.wait(ASK_EVERY_SECONDS):
            self.look()


def canary_age(port: int) -> float | None:
    """What /health/alerts of the web process says; None when it does not answer or has never heard the worker."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/alerts", headers={"Host": f"localhost:{port}"})
        age = json.loads(connection.getresponse().read()).get("celery_canary_s")
        return None if age is None else float(age)
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return None
    finally:
        connection.close()
