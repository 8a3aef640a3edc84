"""A real TURN server (coturn) on loopback, for one test; its credentials are the ones that Telek mints."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.server import free_port

SECRET = "a secret of this one run"
STARTING_SECONDS = 10


@dataclass(frozen=True)
class Relay:
    """Its address as a browser is told it."""

    url: str
    process: "subprocess.Popen[bytes]"

    @contextmanager
    def silent(self) -> Iterator[None]:
        """The network through it is dead: nothing is answered, nothing is closed."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


def installed_relay() -> str | None:
    """The path of coturn's server, or None."""
    return shutil.which("turnserver")


@contextmanager
def running_relay(folder: Path, port: int = 0) -> Iterator[Relay]:
    """Start it (port 0: any), wait until it listens, stop it. Loopback peers are allowed here alone: both browsers are on this machine."""
    port = port or free_port()
    command = [
        str(installed_relay()),
        "-n",
        "--listening-ip=127.0.0.1",
        "--relay-ip=127.0.0.1",
        f"--listening-port={port}",
        "--use-auth-secret",
        f"--static-auth-secret={SECRET}",
        "--realm=relay.test",
        "--allow-loopback-peers",
        "--no-cli",
        "--no-tls",
        "--no-dtls",
        "--fingerprint",
        f"--userdb={folder / 'turndb'}",
        f"--pidfile={folder / 'turn.pid'}",
        f"--log-file={folder / 'turn.log'}",
        "--simple-log",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_listens(port)
        yield Relay(f"turn:127.0.0.1:{port}?transport=udp", process)
    finally:
        process.terminate()
        process.wait(timeout=15)


def _wait_until_it_listens(port: int) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the TURN server does not listen")
