"""The real server for browser tests: uvicorn, and a pump when asked for, on the test's own database and Valkey."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx

from tests.databases import NAME

ROOT = Path(__file__).resolve().parents[2]
STARTING_SECONDS = 120


@dataclass(frozen=True)
class LiveSystem:
    """Where it answers (http://localhost:port), and the port."""

    url: str
    port: int
    server: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """SIGKILL to the server: nobody is told."""
        self.server.kill()
        self.server.wait(timeout=15)


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(port: int, role: str, **settings: str) -> dict[str, str]:
    """What a process of the system runs with: the test's own database, that role, and these settings on top."""
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_PUMP_URL")
    databases = {
        name: urlunsplit(urlsplit(os.environ[name])._replace(path=f"/{NAME}")) for name in names if name in os.environ
    }
    url = f"http://localhost:{port}"
    own = {
        "TELEK_TESTING": "1",
        "TELEK_CLOCK_KEPT_SECONDS": "1",
        "TELEK_DATABASE_ROLE": role,
        "TELEK_PUBLIC_URL": url,
        "TELEK_SOCKET_ORIGINS": url,
        "TELEK_LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "telek.settings",
    }
    return {**os.environ, **databases, **own, **settings}


@contextmanager
def running_system(*, pump: bool = False, port: int = 0, **settings: str) -> Iterator[LiveSystem]:
    """Start it with these settings in its environment (port 0: any), wait until it answers, stop it."""
    port = port or free_port()
    server = [sys.executable, "-m", "uvicorn", "telek.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    commands = [([*server, "--lifespan", "off", "--log-level", "warning"], "app")]
    if pump:
        commands.append(([sys.executable, "manage.py", "pump"], "pump"))
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environment(port, role, **settings)) for command, role in commands
    ]
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/accounts/login/", processes[0])
        yield LiveSystem(f"http://localhost:{port}", port, processes[0])
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=15)


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if httpx.get(url, timeout=5).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError("the server does not answer")
