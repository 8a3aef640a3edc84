"""Starts PostgreSQL and Valkey once a run, before Django reads its settings (loaded by `-p tests.plugin`).

Workers of pytest-xdist inherit the addresses and work in a database of their own.
"""

import atexit
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from telek.launcher.services import running_services

os.environ["TELEK_TESTING"] = "1"
os.environ["TELEK_DATABASE_ROLE"] = "app"  # else whichever test reads telek.celery first gives its own to every child
worker = os.environ.get("PYTEST_XDIST_WORKER", "")

if not worker:
    stack = ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="telek-test-", ignore_cleanup_errors=True))
    os.chmod(folder, 0o755)  # noqa: S103  (PostgreSQL may run as another user; its own folder inside is 0700)
    services = stack.enter_context(running_services(Path(folder), fast=True))
    os.environ.update(services.environment)
