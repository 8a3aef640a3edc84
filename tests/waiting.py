"""Waiting in tests: so long that a busy machine does not turn a test red; how fast it was is for `bin/bench`."""

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

PATIENCE_SECONDS = 60


def wait_until(what: Callable[[], Any], why: str = "it did not happen", *, page: Page | None = None) -> Any:
    """What `what` answers as soon as that is true; meanwhile `page`, when given, goes on with its own events."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (found := what()):
        assert time.monotonic() < until, f"after {PATIENCE_SECONDS} s still not: {why}"
        if page:
            page.wait_for_timeout(100)
        else:
            time.sleep(0.1)
    return found
