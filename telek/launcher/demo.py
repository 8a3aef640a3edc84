"""The whole system on one machine, from nothing to `Telek is ready`, and back to nothing."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Final

from telek.launcher.demo_secrets import demo_secrets
from telek.launcher.options import ROOT, Options
from telek.launcher.postgres import EmbeddedPostgres
from telek.launcher.preconditions import held_folder, refuse_taken_port, refuse_unwritable
from telek.launcher.preparation import Preparation, Stopped
from telek.launcher.probe import ConsumptionProbe, canary_age
from telek.launcher.progress import step
from telek.launcher.refusals import LaunchRefused
from telek.launcher.services import Services, running_services
from telek.launcher.supervisor import Program, Supervisor
from telek.launcher.valkey import EmbeddedValkey

READY_SECONDS: Final = 90.0
DEATHS_BEFORE_GIVING_UP: Final = 3


def launch(options: Options) -> int:
    """Run the demo until SIGINT or SIGTERM; the exit code: 0, or 1 after one sentence on stderr."""
    stopping = threading.Event()
    _listen_for_signals(stopping)
    try:
        _launch(options, stopping)
    except Stopped:
        pass
    except LaunchRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    _say("Telek has stopped.")
    return 0


def _launch(options: Options, stopping: threading.Event) -> None:
    if os.environ.get("TELEK_PRODUCTION"):
        raise LaunchRefused(
            "TELEK_PRODUCTION is set, and this is the demo: unset it, or start the processes that "
            "ARCHITECTURE.md lists for a real installation."
        )
    refuse_unwritable(options.data)
    refuse_taken_port(options.port)
    with held_folder(options.data), contextlib.ExitStack() as stack:
        with step("PostgreSQL and Valkey"):
            services = stack.enter_context(running_services(options.data))
        os.environ.update(_demo_environment(options))
        if stopping.is_set():
            raise Stopped
        Preparation(options.data, stopping, trust=services.postgres is not None).prepare(seed=options.seed)
        _run(options, services, stopping)


def _run(options: Options, services: Services, stopping: threading.Event) -> None:
    supervisor = Supervisor(stopping, _say, servers=_servers(services))
    try:
        _say("  Web, worker and pump ...")
        programs = _programs(options)
        for program in programs:
            supervisor.start(program)
        _wait_until_ready(options.port, supervisor)
        _say(f"Telek is ready at http://localhost:{options.port}/")
        _watch_consumption(options.port, programs[1], stopping)
        supervisor.watch()
        _say("Stopping ...")
    finally:
        supervisor.stop()


def _watch_consumption(port: int, worker: Program, stopping: threading.Event) -> None:
    probe = ConsumptionProbe(partial(canary_age, port), worker.stop, _say)
    threading.Thread(target=probe.run, args=(stopping,), name="consumption", daemon=True).start()


def _demo_environment(options: Options) -> dict[str, str]:
    """What the demo sets; of it the environment may say otherwise, save that it is the demo."""
    local = f"http://localhost:{options.port}"
    proposed = {
        **demo_secrets(options.data),
        "TELEK_PUBLIC_URL": local,
        "TELEK_SOCKET_ORIGINS": f"{local},http://127.0.0.1:{options.port}",
        "TELEK_TRUSTED_ORIGINS": f"{local},http://127.0.0.1:{options.port}",
        "TELEK_STATIC_ROOT": str(options.data / "static"),
        "PYTHONUNBUFFERED": "1",
    }
    return {"TELEK_DEMO": "1"} | {name: os.environ.get(name, value) for name, value in proposed.items()}


def _programs(options: Options) -> list[Program]:
    python = sys.executable
    web = [python, "-m", "uvicorn", "telek.asgi:application", "--host", "127.0.0.1", "--port", str(options.port)]
    # No access log: addresses of one-tap links would stand in it.
    web += ["--lifespan", "off", "--timeout-graceful-shutdown", "5", "--no-access-log", "--no-server-header"]
    web += ["--ws-max-size", "65536", "--ws-per-message-deflate", "false"]  # the socket itself allows 16 KiB
    # The demo may run as root, and a tick every two seconds would drown all else: warnings only, and not that one.
    worker = [python, "-W", "ignore:You're running the worker with superuser privileges", "-m", "celery", "--quiet"]
    worker += ["-A", "telek.celery", "worker", "-B", "--concurrency", "2", "--loglevel", "WARNING"]
    worker += ["--schedule", str(options.data / "beat"), "--without-gossip", "--without-mingle"]
    pump = [python, "manage.py", "pump"]
    return [
        _program("web", web, "app", seconds=8),
        _program("worker", worker, "pump", seconds=12, TELEK_LOG_LEVEL=os.environ.get("TELEK_LOG_LEVEL", "WARNING")),
        _program("pump", pump, "pump", seconds=8),
    ]


def _program(name: str, command: list[str], role: str, *, seconds: float, **more: str) -> Program:
    environment = os.environ | {"TELEK_DATABASE_ROLE": role} | more
    return Program(name, command, ROOT, environment, _say, stop_seconds=seconds)


@dataclass
class _Server:
    """One of the two servers as the supervisor sees it."""

    name: str
    server: EmbeddedPostgres | EmbeddedValkey

    def start(self) -> None:
        self.server.respawn()

    def exit_code(self) -> int | None:
        return self.server.exit_code()


def _servers(services: Services) -> list[_Server]:
    own = {"postgres": services.postgres, "valkey": services.valkey}
    return [_Server(name, server) for name, server in own.items() if server is not None]


def _wait_until_ready(port: int, supervisor: Supervisor) -> None:
    give_up_at = time.monotonic() + READY_SECONDS
    while not _answers(port):
        if supervisor.stopping.wait(0.1):
            raise Stopped
        supervisor.look()
        failing = [one.name for one in supervisor.programs if supervisor.deaths(one.name) >= DEATHS_BEFORE_GIVING_UP]
        if failing or time.monotonic() > give_up_at:
            raise LaunchRefused(
                f"The {' and '.join(failing) or 'web'} process does not start: its own words stand above."
            )


def _answers(port: int) -> bool:
    """Whether the web process answers, and not with an error of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _listen_for_signals(stopping: threading.Event) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _say(line: str) -> None:
    # A reader that went away (bin/demo | head) must not stop the system.
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)
