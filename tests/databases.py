"""A database for this worker: made by the superuser, migrated by the owner, used as the application's role.

Migrating takes eight seconds of a core. What came of it is kept as a dump under the name of all that shapes it, so that
it is done once for each state of the schema and not once for each run and worker.
"""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from apps.core import clock
from apps.core.db.roles import as_role
from apps.monitoring.actions import publish_library
from telek.launcher.postgres import programs

KEEP = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "monitoring_questionnaire",
    "monitoring_safetyitem",
}
KEPT_DUMPS = 20
_used: list[Path] = []  # the dump that this process made its database from
NAME = "test_telek_" + os.environ.get("PYTEST_XDIST_WORKER", "main")


def superuser_url(database: str = NAME) -> str:
    """The server's superuser: only tests connect so, to make databases and to empty them."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"postgres@{host}", path=f"/{database}"))


def make_database() -> None:
    """Create and migrate this worker's database and point Django at it as telek_app."""
    with psycopg.connect(superuser_url("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(NAME)))
        server.execute(sql.SQL("create database {} owner telek_owner").format(sql.Identifier(NAME)))
    connection.close()
    connection.settings_dict["NAME"] = NAME
    with _kept_dump() as dump:
        _used.append(dump)
        if dump.exists():
            _load(dump, superuser_url())
            return
        migrate()
        unfinished = dump.with_suffix(".unfinished")
        _run("pg_dump", f"--file={unfinished}")
        unfinished.rename(dump)


def migrate() -> None:
    """All migrations and the library's instruments, for real."""
    with psycopg.connect(superuser_url(), autocommit=True) as database:
        database.execute("create extension if not exists btree_gist")
    with as_role("owner"):
        call_command("migrate", verbosity=0)
        publish_library()


@contextmanager
def _kept_dump() -> Iterator[Path]:
    """Where the dump of this state of the schema is kept; one worker at a time makes it."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "telek-tests"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.sql"), key=lambda one: one.stat().st_mtime)[:-KEPT_DUMPS]:
        old.unlink(missing_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / f"{_fingerprint()}.sql"


def _fingerprint() -> str:
    """All that decides what stands in a fresh database: migrations, models, walls, instruments, packages, the month."""
    root = Path(__file__).parents[1]
    shaping = ("*/migrations/*.py", "*/models.py", "*/*_models.py", "*/models/*.py", "core/**/*.py")
    files = {file for pattern in shaping for file in (root / "apps").glob(pattern)}
    files |= set((root / "apps/monitoring").glob("instruments/**/*.py"))
    files |= {root / name for name in ("requirements.lock", "telek/launcher/roles.sql", "tests/databases.py")}
    files |= {root / "apps/monitoring/actions/library.py", root / "apps/monitoring/published.py"}
    found = hashlib.sha256(f"{clock.now():%Y-%m}".encode())  # readings are partitioned by month
    for file in sorted(files):
        found.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return found.hexdigest()


def restore(url: str) -> None:
    """Put what migrating gives into the empty database of that URL, a superuser's; needs one `make_database` before."""
    assert _used, "no database was made yet"
    _load(_used[-1], url)


def _load(dump: Path, url: str) -> None:
    _run("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={dump}", url=url)


def _run(program: str, *arguments: str, url: str = "") -> None:
    subprocess.run(
        [programs() / program, f"--dbname={url or superuser_url()}", *arguments], check=True, stdout=subprocess.DEVNULL
    )


ATTEMPTS = 5  # to empty the tables
left_behind = False  # a transactional test began, and its rows are not gone yet


def empty_if_left() -> None:
    """A test that died in its own teardown does not fail the ones after it."""
    if left_behind:
        empty_tables()


def empty_tables() -> None:
    """What a transactional test leaves behind, gone. Append-only tables refuse TRUNCATE to everybody else."""
    global left_behind
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - KEEP
    any_row = sql.SQL("(select {name} where exists (select from {table}))")
    asked = [any_row.format(name=table, table=sql.Identifier(table)) for table in sorted(tables)]
    for attempt in range(ATTEMPTS):
        try:
            with psycopg.connect(superuser_url()) as database:
                database.execute("set local session_replication_role = replica")
                for (table,) in database.execute(sql.SQL(" union all ").join(asked)).fetchall():
                    database.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
            break
        except psycopg.errors.DeadlockDetected:  # a server under test was still writing: it has the rows, we wait
            if attempt == ATTEMPTS - 1:
                raise
    left_behind = False
