"""What must hold before anything is made. Standard library only: see setup.py."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telek.launcher.refusals import LaunchRefused


def refuse_taken_port(port: int) -> None:
    """LaunchRefused when nobody may listen on that port of this machine now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LaunchRefused(_about_port(port, error)) from error


def _about_port(port: int, error: OSError) -> str:
    other = "choose another with --port, for example --port 8001"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is already in use: stop the program that listens there, or {other}."
    return f"Port {port} cannot be used ({error.strerror}): {other}."


def refuse_unwritable(folder: Path) -> None:
    """LaunchRefused when `folder` is not, and cannot become, a folder to write in; makes nothing."""
    nearest = folder
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    if not nearest.is_dir():
        raise _unwritable(folder, f"{nearest} is not a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise _unwritable(folder, f"no permission to write in {nearest}")


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """The data folder, made if need be, for one Telek at a time."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unwritable(folder, str(error.strerror)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise LaunchRefused(
            f"Another Telek is running on the data folder {folder}: stop it, or choose another with --data DIR."
        ) from error
    finally:
        os.close(descriptor)


def _unwritable(folder: Path, reason: str) -> LaunchRefused:
    return LaunchRefused(
        f"Telek cannot keep its data in {folder} ({reason}): choose another folder with --data DIR, "
        "or change its permissions."
    )
