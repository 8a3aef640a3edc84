"""A whole Telek of its own to be cruel to: PostgreSQL, Valkey, pumps, a Celery worker, a provider, a loader.

Before the first statement and before every kill the rig makes sure that the server works in the rig's own folder.
Only processes that it started are killed, and every kill is checked to have been one (exit code -9).
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from telek.launcher.postgres import EmbeddedPostgres
from telek.launcher.valkey import EmbeddedValkey
from tests.provider.provider import Provider, running_provider

ROOT = Path(__file__).resolve().parents[2]
RESTART_SECONDS = 0.5


@dataclass
class Child:
    """A process that is started again half a second after its death, until it is told to stop."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    wanted: bool = True
    kills: int = 0
    died_at: float | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.died_at = None

    def kill(self) -> bool:
        """SIGKILL the process with all its children; False when it was not running."""
        process = self.process
        if process is None or process.poll() is not None:
            return False
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        code = process.wait()
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        assert code == -signal.SIGKILL, f"{self.name} ended with {code}, not by the kill"
        self.kills += 1
        return True

    def stop(self) -> int:
        """SIGTERM, and SIGKILL after ten seconds; the exit code."""
        self.wanted = False
        if self.process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            code = -1
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return code

    def tend(self) -> None:
        """Start it again when it has been dead for half a second."""
        if not self.wanted or self.process is None or self.process.poll() is None:
            return
        self.died_at = self.died_at or time.monotonic()
        if time.monotonic() - self.died_at >= RESTART_SECONDS:
            self.start()


@dataclass
class Rig:
    """The servers, the provider, and the children by name."""

    folder: Path
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    provider: Provider
    children: dict[str, Child] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    kills: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TELEK_", "DATABASE_"))}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "telek.settings",
            "DATABASE_URL": self.postgres.url("app"),
            "DATABASE_OWNER_URL": self.postgres.url("owner"),
            "DATABASE_PUMP_URL": self.postgres.url("pump"),
            "REDIS_URL": self.valkey.url,
            "TELEK_SMS_TRANSPORT": "http",
            "TELEK_EMAIL_TRANSPORT": "http",
            "TELEK_TRANSPORT_URL": self.provider.url,
            "TELEK_SEND_TIMEOUT_SECONDS": "1.5",
            "TELEK_LOG_LEVEL": "WARNING",
            **self.settings,
        }

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database as its superuser: the oracle sees everything."""
        with psycopg.connect(self.postgres.url("postgres"), connect_timeout=5) as connection:
            self._assert_own(connection)
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def empty(self, *tables: str) -> None:
        """Append-only tables refuse it to everybody but a superuser who says so."""
        self.sql("set session_replication_role = replica;" + ";".join(f"delete from {table}" for table in tables))

    def _assert_own(self, connection: "psycopg.Connection[Any]") -> None:
        (folder,) = connection.execute("show data_directory").fetchone() or ("",)
        assert Path(folder) == self.postgres.cluster, f"{folder} is not the rig's own database"

    def add(self, name: str, command: list[str], *, role: str, **settings: str) -> Child:
        """Start a child in a database role and keep it running."""
        environment = self.environment | {"TELEK_DATABASE_ROLE": role} | settings
        child = Child(name, [sys.executable, *command], environment, self.folder / f"{name}.log")
        child.start()
        self.children[name] = child
        return child

    def add_pump(self, name: str, **settings: str) -> Child:
        return self.add(name, ["manage.py", "pump", "--engine-name", name], role="pump", **settings)

    def add_worker(self, name: str = "worker") -> Child:
        words = ["-m", "celery", "-A", "telek.celery", "worker", "-B", "--concurrency", "2", "--loglevel", "WARNING"]
        words += ["--schedule", str(self.folder / f"{name}.beat"), "--without-gossip", "--without-mingle"]
        return self.add(name, words, role="pump")

    def add_loader(self, first: int, count: int, every: float, **settings: str) -> Child:
        """A clinic's web process in short: raises alerts, and writes down what it was told is committed."""
        words = ["-m", "tests.chaos.load", str(self.folder / "acknowledged.jsonl"), str(first), str(count), str(every)]
        return self.add("loader", words, role="app", **settings)

    def run(self, *words: str, role: str) -> None:
        """A command to its end."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=self.environment | {"TELEK_DATABASE_ROLE": role},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def kill_child(self, name: str) -> bool:
        killed = self.children[name].kill()
        self.kills += killed
        return killed

    def kill_postgres(self, *, down: float) -> None:
        """SIGKILL the postmaster with its family, and start it again."""
        with psycopg.connect(self.postgres.url("postgres"), connect_timeout=5) as connection:
            self._assert_own(connection)
        assert self.postgres.kill() == -signal.SIGKILL
        self.kills += 1
        time.sleep(down)
        self.postgres.restart()

    def kill_valkey(self, *, down: float) -> None:
        """SIGKILL Valkey, which keeps nothing: the worst case."""
        assert psutil.Process(self.valkey.pid).cwd() == str(self.valkey.folder.resolve())
        assert self.valkey.kill() == -signal.SIGKILL
        self.kills += 1
        time.sleep(down)
        self.valkey.restart()

    def end_children(self) -> None:
        """Kill everything that works, and forget it: the run is over."""
        for child in self.children.values():
            child.wanted = False
            child.kill()
        self.children.clear()

    def wait_for(self, what: Callable[[], bool], *, seconds: float, why: str) -> float:
        """How long it took; fails with `why` after that many seconds."""
        took = self.watch(what, seconds=seconds)
        assert took < seconds, f"after {seconds} s still not: {why}\n{self.last_words()}"
        return took

    def watch(self, what: Callable[[], bool], *, seconds: float) -> float:
        """How long it took, at most that many seconds."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if what():
                return time.monotonic() - began
            time.sleep(0.1)
        return seconds

    def last_words(self) -> str:
        """The end of every log, for a failure's report."""
        return "\n".join(
            f"--- {one.name}\n{one.read_text(errors='replace')[-1500:]}" for one in self.folder.glob("*.log")
        )

    def tend(self) -> None:
        while not self._stopping.wait(0.05):
            for child in list(self.children.values()):
                child.tend()


@contextmanager
def running_rig(*, migrate: Callable[[str], None] | None = None, **settings: str) -> Iterator[Rig]:
    """Fresh servers with a migrated database and a clinic; everything is gone when the block ends.

    migrate: what makes the tables in the database of a superuser's URL; without it the migrations, for half a minute.
    """
    with ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="telek-chaos-", ignore_cleanup_errors=True))
        folder = Path(place)
        folder.chmod(0o755)  # PostgreSQL may run as another user; its own folder inside is 0700
        postgres = EmbeddedPostgres(folder / "postgres", fast=False)
        valkey = EmbeddedValkey(folder / "valkey", durable=False)
        for server in (postgres, valkey):
            stack.callback(server.stop)
            server.begin()
        for server in (postgres, valkey):
            server.wait_until_ready()
        provider = stack.enter_context(running_provider(folder / "provider"))
        rig = Rig(folder, postgres, valkey, provider, settings=settings)
        rig.sql("select 1")
        if migrate:
            migrate(postgres.url("postgres"))
        else:
            rig.run("manage.py", "migrate", "--no-input", "-v", "0", role="owner")
        rig.run("-m", "tests.chaos.clinic", role="app")
        keeper = threading.Thread(target=rig.tend, daemon=True)
        keeper.start()
        stack.callback(keeper.join)
        stack.callback(rig._stopping.set)
        stack.callback(rig.end_children)
        yield rig
