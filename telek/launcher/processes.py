"""Ending processes and reading what they said."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import BinaryIO, Final

import psutil

LOG_BYTES: Final = 5_000_000


def end(process: subprocess.Popen[bytes], how: signal.Signals, *, seconds: float) -> int:
    """Ask a process to stop, wait, and kill it when it does not; its exit code."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


class Leash:
    """Ends a server when the process that started it is gone, however it went."""

    def __init__(self, pid: int, how: signal.Signals) -> None:
        # The shell reads from a pipe whose other end only this process holds: it ends when we do.
        self._holder = subprocess.Popen(
            ["/bin/sh", "-c", 'read -r _; kill -s "$1" "$2"', "leash", how.name.removeprefix("SIG"), str(pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def release(self) -> None:
        """Let go, before the server is ended in order and its number may have a new owner."""
        self._holder.kill()
        self._holder.communicate()


def end_leftover(pid_file: Path, folder: Path, how: signal.Signals) -> None:
    """End a server of an earlier run that was killed before it could stop its own.

    It must be working in `folder`: its number may have a new owner by now.
    """
    try:
        leftover = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        if leftover.cwd() == str(folder.resolve()):
            leftover.send_signal(how)
            wait_until_dead([leftover], seconds=20)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return


def wait_until_dead(processes: list[psutil.Process], *, seconds: float = 10.0) -> None:
    """Wait until none of the processes runs. Who reaps them is somebody else's matter."""
    give_up_at = time.monotonic() + seconds
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < give_up_at:
                time.sleep(0.005)


def open_log(path: Path) -> BinaryIO:
    """A log to append to, private to its owner; begun anew when it has grown past 5 MB."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".old.log"))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    return os.fdopen(descriptor, "ab")


def last_line_of(path: Path) -> str:
    """The last line of a log, or a word for an empty one."""
    lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
    return lines[-1] if lines else "(it said nothing)"
