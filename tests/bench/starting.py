"""How long a second start takes: from the command to `Telek is ready`, beside the least that could be waited for."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from telek.launcher.services import running_services
from tests.bench.figures import Figure, seconds
from tests.chaos.rig import Rig
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]


def second_start(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """Without demo data, which is there at a second start anyway; the ceiling is both servers and Python's imports."""
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        _start_and_stop(data)
        ours = [_start_and_stop(data) for _ in range(options.rounds)]
        bare = [seconds(lambda: _servers_and_imports(data)) for _ in range(options.rounds)]
    yield Figure("second start, command to ready", median(ours), "s", median(bare), options.rounds)


def _start_and_stop(data: Path) -> float:
    """Seconds until it was ready; then it is stopped."""
    began, took = time.perf_counter(), 0.0
    words = [sys.executable, "-m", "telek.launcher", "--data", str(data), "--port", str(_free_port()), "--no-seed"]
    child = subprocess.Popen(words, cwd=ROOT, env=_own_environment(), stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    lines = []
    for line in child.stdout:
        lines.append(line)
        if line.startswith("Telek is ready"):
            took = time.perf_counter() - began
            child.send_signal(signal.SIGINT)
    assert child.wait(PATIENCE_SECONDS) == 0, lines
    return took


def _servers_and_imports(data: Path) -> None:
    with running_services(data):
        words = [sys.executable, "-W", "ignore", "-c", "import telek.asgi, telek.urls"]
        subprocess.run(words, cwd=ROOT, env=_own_environment() | {"TELEK_DEMO": "1"}, check=True)


def _own_environment() -> dict[str, str]:
    """Without what the rig has set for its own processes."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_", "TELEK_"))}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
