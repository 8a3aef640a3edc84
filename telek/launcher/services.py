"""PostgreSQL and Valkey for a while: Telek's own, or the ones that the environment names.

DATABASE_URL and REDIS_URL always win; a server that they name is used and never stopped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from telek.launcher.postgres import EmbeddedPostgres
from telek.launcher.valkey import EmbeddedValkey


@dataclass(frozen=True)
class Services:
    """The two servers. `postgres` or `valkey` is None where the environment named a server."""

    redis_url: str
    app_url: str
    owner_url: str
    pump_url: str
    postgres: EmbeddedPostgres | None
    valkey: EmbeddedValkey | None

    def database_url(self, role: str = "app") -> str:
        """The URL of the database for the role `app`, `owner` or `pump`."""
        return {"app": self.app_url, "owner": self.owner_url, "pump": self.pump_url}[role]

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to reach both."""
        return {
            "DATABASE_URL": self.app_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "DATABASE_PUMP_URL": self.pump_url,
            "REDIS_URL": self.redis_url,
        }

    @property
    def postgres_pid(self) -> int:
        """The postmaster's process id; RuntimeError where the server is not ours."""
        return self._own_postgres().pid

    @property
    def valkey_pid(self) -> int:
        """Valkey's process id; RuntimeError where the server is not ours."""
        return self._own_valkey().pid

    def kill_postgres(self) -> int:
        """SIGKILL PostgreSQL with all its processes; the postmaster's exit code (-9)."""
        return self._own_postgres().kill()

    def restart_postgres(self) -> None:
        """Start the killed PostgreSQL under the same URL; returns when it answers."""
        self._own_postgres().restart()

    def kill_valkey(self) -> int:
        """SIGKILL Valkey; its exit code (-9)."""
        return self._own_valkey().kill()

    def restart_valkey(self) -> None:
        """Start the killed Valkey under the same URL; returns when it answers."""
        self._own_valkey().restart()

    def _own_postgres(self) -> EmbeddedPostgres:
        if self.postgres is None:
            raise RuntimeError("DATABASE_URL names a server that is not Telek's own")
        return self.postgres

    def _own_valkey(self) -> EmbeddedValkey:
        if self.valkey is None:
            raise RuntimeError("REDIS_URL names a server that is not Telek's own")
        return self.valkey


def url_for_role(url: str, role: str) -> str:
    """`url` with its user replaced by the role's: telek_app, telek_owner or telek_pump."""
    parts = urlsplit(url)
    credentials, at, host = parts.netloc.rpartition("@")
    password = credentials.partition(":")[1:] if at else ("", "")
    return urlunsplit(parts._replace(netloc=f"telek_{role}{''.join(password)}@{host}"))


@contextmanager
def running_services(data_dir: Path, fast: bool = False) -> Iterator[Services]:
    """Both servers, running, and their URLs in `os.environ`, until the block ends.

    `data_dir` holds their files; `fast` is for tests (no fsync, nothing kept by Valkey, the owner
    may create databases). LaunchRefused when one does not start.
    """
    with ExitStack() as stack:
        services = _start(data_dir, fast, stack)
        stack.enter_context(_in_environment(services.environment))
        yield services


def _start(data_dir: Path, fast: bool, stack: ExitStack) -> Services:
    given = os.environ
    postgres = None if given.get("DATABASE_URL") else EmbeddedPostgres(data_dir / "postgres", fast=fast)
    valkey = None if given.get("REDIS_URL") else EmbeddedValkey(data_dir / "valkey", durable=not fast)
    own: list[EmbeddedPostgres | EmbeddedValkey] = [one for one in (postgres, valkey) if one]
    for server in own:
        stack.callback(server.stop)
        server.begin()
    for server in own:
        server.wait_until_ready()
    app, owner, pump = _database_urls(postgres, given)
    redis_url = valkey.url if valkey else given["REDIS_URL"]
    return Services(redis_url, app, owner, pump, postgres, valkey)


def _database_urls(postgres: EmbeddedPostgres | None, given: Mapping[str, str]) -> tuple[str, str, str]:
    if postgres is not None:
        return postgres.url("app"), postgres.url("owner"), postgres.url("pump")
    app = given["DATABASE_URL"]
    owner = given.get("DATABASE_OWNER_URL") or url_for_role(app, "owner")
    pump = given.get("DATABASE_PUMP_URL") or url_for_role(app, "pump")
    return app, owner, pump


@contextmanager
def _in_environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
