"""Keeps programs running: starts them, prefixes what they say, restarts what died, stops in reverse."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol

from telek.launcher.processes import end

RESTART_SECONDS: Final = (0.5, 1.0, 2.0)
STEADY_SECONDS: Final = 10.0
LOOK_EVERY_SECONDS: Final = 0.1
DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of prctl(2)


class Member(Protocol):
    """Something to keep running."""

    name: str

    def start(self) -> None:
        """Start it, without waiting until it answers."""

    def exit_code(self) -> int | None:
        """None while it runs; then its exit code."""


@dataclass
class Program:
    """A child process in a process group of its own; what it says goes to `say` line by line."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: dict[str, str]
    say: Callable[[str], None]
    stop_seconds: float = 10.0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and a thread that reads what it says."""
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_the_launcher(),
        )
        assert self.process.stdout is not None  # noqa: S101  (it was asked for two lines above)
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def exit_code(self) -> int | None:
        """None while it runs; then its exit code."""
        return None if self.process is None else self.process.poll()

    def stop(self) -> None:
        """SIGTERM to the program, and after that nothing of its group is left."""
        if self.process is not None:
            end(self.process, signal.SIGTERM, seconds=self.stop_seconds)
            self.sweep()

    def sweep(self) -> None:
        """Kill what a program that has ended left in its process group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self.say(f"{self.name:<8}| {line.decode(errors='replace').rstrip()}")


@dataclass
class Supervisor:
    """Watches its members until `stopping` is set."""

    stopping: threading.Event
    say: Callable[[str], None]
    programs: list[Program] = field(default_factory=list)
    servers: Sequence[Member] = ()
    _deaths: dict[str, int] = field(default_factory=dict)
    _started: dict[str, float] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)

    def start(self, program: Program) -> None:
        """Start a program and watch it from now on."""
        self.programs.append(program)
        self._started[program.name] = time.monotonic()
        program.start()

    def deaths(self, name: str) -> int:
        """How often in a row the member has died soon after its start."""
        return self._deaths.get(name, 0)

    def watch(self) -> None:
        """Restart whatever dies, until `stopping` is set."""
        while not self.stopping.wait(LOOK_EVERY_SECONDS):
            self.look()

    def look(self) -> None:
        """One look at every member: note a death, or restart one whose pause is over."""
        now = time.monotonic()
        for member in [*self.servers, *self.programs]:
            code = member.exit_code()
            if code is not None:
                self._tend(member, code, now)

    def stop(self) -> None:
        """Stop the programs, the last one started first."""
        for program in reversed(self.programs):
            program.stop()

    def _tend(self, member: Member, code: int, now: float) -> None:
        due = self._due.get(member.name)
        if due is None:
            self._due[member.name] = now + self._pause(member, code, now)
        elif now >= due:
            del self._due[member.name]
            self._started[member.name] = now
            member.start()

    def _pause(self, member: Member, code: int, now: float) -> float:
        if isinstance(member, Program):
            member.sweep()
        steady = now - self._started.get(member.name, 0.0) > STEADY_SECONDS
        deaths = 1 if steady else self.deaths(member.name) + 1
        self._deaths[member.name] = deaths
        pause = RESTART_SECONDS[min(deaths, len(RESTART_SECONDS)) - 1]
        self.say(f"launcher| {member.name} ended with {code}, starting it again in {pause} s")
        return pause


def die_with_the_launcher() -> Callable[[], None] | None:
    """On Linux a child hears SIGTERM when the launcher itself is killed; it is asked for after the fork."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(DEATH_SIGNAL, signal.SIGTERM)

    return ask
