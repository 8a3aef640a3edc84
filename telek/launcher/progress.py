"""A line for each step. Standard library only: see setup.py."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done, then how long it took; a step that fails ends its line all the same."""
    print(f"  {title} ... ", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"done ({time.monotonic() - started:.1f} s)", flush=True)
