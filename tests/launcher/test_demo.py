"""The whole system on this machine: two starts of the real thing, with what a person would see and do."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parent.parent.parent


class Demo:
    """One run of the launcher, its lines as they come, and every process below it."""

    def __init__(self, command: list[str], data: Path, port: int) -> None:
        self.port = port
        self.lines: list[str] = []
        words = [*command, "--port", str(port), "--data", str(data), "--no-seed"]
        given = {
            name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_", "TELEK_"))
        }
        self.process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_for(self, holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        give_up_at = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, self.lines
            assert time.monotonic() < give_up_at, self.lines
            time.sleep(0.05)

    def wait_until_ready(self) -> None:
        """The line that says so has come; how long that took is for `bin/bench --only start`."""
        ready = f"Telek is ready at http://localhost:{self.port}/"
        self.wait_for(lambda: ready in self.lines, seconds=600)

    def below(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def running(self, word: str) -> psutil.Process:
        """The first process whose command line holds a word."""
        return next(one for one in self.below() if word in _command_line(one))

    def stop(self, how: signal.Signals) -> list[psutil.Process]:
        """What still ran of it after it had ended with exit code 0."""
        family = self.below()
        assert len(family) > 6
        self.process.send_signal(how)
        assert self.process.wait(PATIENCE_SECONDS) == 0, self.lines
        return psutil.wait_procs([one for one in family if _alive(one)], timeout=10)[1]


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _command_line(process: psutil.Process) -> list[str]:
    """Its words; none if it ended while it was asked."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _status(port: int, host: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/", headers={"Host": f"{host}:{port}"})
    try:
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture
def start(data: Path) -> Iterator[Callable[[list[str]], Demo]]:
    started: list[Demo] = []

    def begin(command: list[str]) -> Demo:
        started.append(Demo(command, data, _free_port()))
        return started[-1]

    yield begin
    for demo in started:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(PATIENCE_SECONDS)


@pytest.mark.xdist_group("demo")
def test_a_first_start_prepares_everything_survives_a_kill_and_stops_without_a_trace(
    start: Callable[[list[str]], Demo], data: Path
) -> None:
    demo = start(["-m", "telek.launcher"])
    demo.wait_until_ready()
    steps = [line for line in demo.lines if line.startswith("  ")]
    assert re.fullmatch(r"  PostgreSQL and Valkey \.\.\. done \(\d+\.\d s\)", steps[0])
    assert steps[1].startswith("  Database migrations and static files ... done")
    assert (_status(demo.port, "localhost") < 400, _status(demo.port, "127.0.0.1") < 400) == (True, True)

    pump = demo.running("pump")
    pump.kill()
    demo.wait_for(lambda: any(one.pid != pump.pid and "pump" in _command_line(one) for one in demo.below()))
    _assert_a_second_one_is_refused(data)

    assert demo.stop(signal.SIGTERM) == []
    assert demo.lines[-1] == "Telek has stopped."
    with socket.create_server(("127.0.0.1", demo.port)):
        pass


@pytest.mark.xdist_group("demo")
def test_the_next_start_prepares_nothing_again_and_ctrl_c_stops_it(
    start: Callable[[list[str]], Demo], data: Path
) -> None:
    if not (data / "prepared.json").exists():  # the first start was another worker's
        first = start(["-m", "telek.launcher"])
        first.wait_until_ready()
        first.stop(signal.SIGTERM)
    demo = start(["manage.py", "launch"])
    demo.wait_until_ready()
    assert "migrations" not in "\n".join(demo.lines)
    assert demo.stop(signal.SIGINT) == []
    assert not [line for line in demo.lines if "Traceback" in line]


def _assert_a_second_one_is_refused(data: Path) -> None:
    words = ["-m", "telek.launcher", "--data", str(data), "--port", str(_free_port())]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 1
    assert done.stderr.startswith("Another Telek is running on the data folder")
    assert len(done.stderr.strip().splitlines()) == 1
