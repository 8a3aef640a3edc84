"""The supervisor with real child processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from telek.launcher.supervisor import Program, Supervisor
from tests.waiting import PATIENCE_SECONDS

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
SLOW_TO_STOP = (
    "import signal, time, sys\n"
    "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(0)))\n"
    "print('up', flush=True); time.sleep(60)"
)
PARENT = (
    "import subprocess, sys, time\n"
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); time.sleep(60)"
)


class Desk:
    """A supervisor, what it said, and a thread that watches."""

    def __init__(self, folder: Path) -> None:
        self.lines: list[str] = []
        self.folder = folder
        self.stopping = threading.Event()
        self.supervisor = Supervisor(self.stopping, self.lines.append)

    def start(self, name: str, code: str, seconds: float = 5.0) -> Program:
        command = [sys.executable, "-c", code]
        program = Program(name, command, self.folder, dict(os.environ), self.lines.append, seconds)
        self.supervisor.start(program)
        return program

    def look_until(self, holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        started = time.monotonic()
        while not holds():
            assert time.monotonic() - started < seconds, self.lines
            self.supervisor.look()
            time.sleep(0.02)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.supervisor.stop()


def _pid(program: Program) -> int:
    assert program.process is not None
    return program.process.pid


def test_what_a_program_says_is_prefixed_with_its_name(desk: Desk) -> None:
    desk.start("pump", SLEEPER)
    desk.look_until(lambda: "pump    | up" in desk.lines)


def test_a_killed_program_runs_again_after_half_a_second(desk: Desk) -> None:
    program = desk.start("pump", SLEEPER)
    desk.look_until(lambda: "pump    | up" in desk.lines)
    first = _pid(program)
    os.kill(first, signal.SIGKILL)
    desk.look_until(lambda: _pid(program) != first)
    assert "launcher| pump ended with -9, starting it again in 0.5 s" in desk.lines


def test_one_that_keeps_dying_is_started_less_and_less_often_up_to_two_seconds(desk: Desk) -> None:
    desk.start("worker", "raise SystemExit(3)")
    desk.look_until(lambda: desk.supervisor.deaths("worker") >= 4)
    pauses = [line.rpartition(" in ")[2] for line in desk.lines if "starting it again" in line]
    assert pauses[:4] == ["0.5 s", "1.0 s", "2.0 s", "2.0 s"]


def test_the_last_one_started_is_the_first_one_stopped(desk: Desk) -> None:
    for name in ("web", "worker", "pump"):
        desk.start(name, SLOW_TO_STOP)
    desk.look_until(lambda: sum(line.endswith("| up") for line in desk.lines) == 3)
    desk.supervisor.stop()
    desk.look_until(lambda: sum(line.endswith("| bye") for line in desk.lines) == 3)
    assert [line for line in desk.lines if line.endswith("bye")] == ["pump    | bye", "worker  | bye", "web     | bye"]


def test_one_that_will_not_stop_is_killed_when_its_time_is_over(desk: Desk) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    program = desk.start("web", stubborn, seconds=0.3)
    desk.look_until(lambda: "web     | up" in desk.lines)
    desk.supervisor.stop()
    assert program.exit_code() == -signal.SIGKILL


def test_children_of_a_program_end_with_it(desk: Desk) -> None:
    desk.start("worker", PARENT)
    desk.look_until(lambda: bool(desk.lines))
    grandchild = psutil.Process(int(desk.lines[0].rpartition(" ")[2]))
    desk.supervisor.stop()
    desk.look_until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_programs_end_when_the_launcher_itself_is_killed(tmp_path: Path, desk: Desk) -> None:
    script = (
        "import os, signal, sys, threading; from pathlib import Path\n"
        "from telek.launcher.supervisor import Program\n"
        "child = Program('web', ['sleep', '60'], Path(sys.argv[1]), dict(os.environ), print); child.start()\n"
        "print(child.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    pid = int(done.stdout)
    desk.look_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
