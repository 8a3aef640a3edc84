"""Migrations, static files and the demo clinic: done when they are needed, skipped when nothing changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from telek.launcher.options import ROOT
from telek.launcher.processes import last_line_of, open_log
from telek.launcher.progress import step
from telek.launcher.refusals import LaunchRefused
from telek.launcher.supervisor import die_with_the_launcher

CODE: Final = ("apps", "telek")


class Stopped(Exception):
    """Somebody asked to stop in the middle of the preparations."""


@dataclass
class Preparation:
    """What has been prepared in the data folder, and what still has to be.

    `trust` is False for a database that is not Telek's own: others may have changed it, so that it is
    always asked for pending migrations.
    """

    data: Path
    stopping: threading.Event
    trust: bool

    def prepare(self, *, seed: bool) -> None:
        """Do all that is needed; LaunchRefused where a command fails, Stopped on request."""
        # The two need nothing of each other, and the machine has more than one core.
        jobs = [job for job in (self._migrations(), self._static()) if job]
        if jobs:
            with step(" and ".join(job.title for job in jobs)):
                self._do(jobs)
        if seed and "seed" not in self._done():
            with step("Demo clinic"):
                self._do([Job("Demo clinic", ("seed_demo",), "seed", "done", "app")])

    def _migrations(self) -> Job | None:
        files = [path for code in CODE for path in (ROOT / code).glob("**/migrations/*.py")]
        digest = _digest(path.read_bytes() for path in [*sorted(files), ROOT / "requirements.lock"])
        if self.trust and self._done().get("migrations") == digest:
            return None
        return Job("Database migrations", ("migrate", "--no-input"), "migrations", digest, "owner")

    def _static(self) -> Job | None:
        folders = [ROOT / "static", *(ROOT / "apps").glob("*/static")]
        files = sorted(path for folder in folders for path in folder.glob("**/*") if path.is_file())
        words = (f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}".encode() for path in files)
        digest = _digest([*words, (ROOT / "requirements.lock").read_bytes()])
        manifest = self.data / "static" / "staticfiles.json"
        if manifest.exists() and self._done().get("static") == digest:
            return None
        return Job("static files", ("collectstatic", "--no-input", "--clear"), "static", digest, "app")

    def _do(self, jobs: list[Job]) -> None:
        children = [(job, self._begin(job)) for job in jobs]
        try:
            for job, child in children:
                self._wait(job, child)
        finally:
            for _, child in children:
                if child.poll() is None:  # with all the processes that it began
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def _begin(self, job: Job) -> subprocess.Popen[bytes]:
        with open_log(self._log(job)) as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", *job.command],
                cwd=ROOT,
                env=os.environ | {"TELEK_DATABASE_ROLE": job.role},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_the_launcher(),
            )

    def _wait(self, job: Job, child: subprocess.Popen[bytes]) -> None:
        while child.poll() is None:
            if self.stopping.wait(0.05):
                raise Stopped
        if child.returncode != 0:
            raise LaunchRefused(
                f"manage.py {job.command[0]} failed ({last_line_of(self._log(job)).rstrip('.')}): "
                f"everything that it said is in {self._log(job)}."
            )
        self._note(job)

    def _log(self, job: Job) -> Path:
        return self.data / f"{job.command[0]}.log"

    def _done(self) -> dict[str, str]:
        path = self.data / "prepared.json"
        if not path.exists():
            return {}
        found = json.loads(path.read_text())
        return {str(name): str(digest) for name, digest in found.items()}

    def _note(self, job: Job) -> None:
        partial = self.data / "prepared.partial"
        partial.write_text(json.dumps(self._done() | {job.key: job.digest}))
        partial.rename(self.data / "prepared.json")


@dataclass(frozen=True)
class Job:
    """A management command that is needed once for a digest, run in a database role."""

    title: str
    command: tuple[str, ...]
    key: str
    digest: str
    role: str


def _digest(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()
