"""Start the fake provider and read what it received."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Provider:
    """A running provider."""

    folder: Path
    url: str
    process: "subprocess.Popen[bytes]"

    def behave(self, *modes: str) -> None:
        """Lines of the mode file (see tests/provider/server.py)."""
        partial = self.folder / "mode.partial"
        partial.write_text("\n".join(modes))
        partial.rename(self.folder / "mode")

    def received(self) -> list[dict[str, Any]]:
        """Every accepted message, in order of arrival."""
        path = self.folder / "received.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def keys(self) -> Counter[str]:
        """How often each key was accepted."""
        return Counter(line["key"] for line in self.received())

    def forget(self) -> None:
        """Empty the record."""
        (self.folder / "received.jsonl").unlink(missing_ok=True)


@contextmanager
def running_provider(folder: Path) -> Iterator[Provider]:
    """A provider on a free loopback port, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mode").write_text("ok")
    process = subprocess.Popen([sys.executable, "-m", "tests.provider.server", str(folder)], cwd=ROOT)
    try:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not (folder / "port").exists():
            assert process.poll() is None, "the provider ended"
            assert time.monotonic() < give_up_at, "the provider did not start"
            time.sleep(0.02)
        yield Provider(folder, f"http://127.0.0.1:{(folder / 'port').read_text()}/messages", process)
    finally:
        process.kill()
        process.wait()
