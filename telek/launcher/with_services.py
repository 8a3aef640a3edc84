"""`python -m telek.launcher.with_services COMMAND ...`: a command beside a fresh PostgreSQL and Valkey."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from telek.launcher.refusals import LaunchRefused
from telek.launcher.services import running_services


def run(command: list[str]) -> int:
    """The exit code of `command`, run with DATABASE_URL and REDIS_URL of servers that end with it."""
    with tempfile.TemporaryDirectory(prefix="telek-") as folder, running_services(Path(folder), fast=True):
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:]))
    except LaunchRefused as refusal:
        sys.exit(str(refusal))
