"""The embedded PostgreSQL and Valkey: real servers, started here and stopped here."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from telek.launcher.ordinary_user import OUTSIDE_EVERY_HOME, home_of_nobody
from telek.launcher.postgres import EmbeddedPostgres, programs
from telek.launcher.services import Services, running_services, url_for_role
from telek.launcher.valkey import EmbeddedValkey
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _no_servers_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_PUMP_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        patch.delenv("REDIS_URL", raising=False)
        with running_services(tmp_path_factory.mktemp("services"), fast=True) as found:
            yield found


def test_each_role_connects_under_its_own_name_and_none_passes_the_row_policies(services: Services) -> None:
    for role in ("app", "owner", "pump"):
        with psycopg.connect(services.database_url(role)) as connection:
            row = connection.execute(
                "select current_user, rolsuper, rolbypassrls from pg_roles where rolname = current_user"
            ).fetchone()
        assert row == (f"telek_{role}", False, False)


def test_the_owner_owns_the_database_and_may_act_for_the_other_two(services: Services) -> None:
    with psycopg.connect(services.database_url("owner")) as connection:
        row = connection.execute(
            "select pg_get_userbyid(datdba), pg_has_role('telek_app', 'member'), pg_has_role('telek_pump', 'member')"
            " from pg_database where datname = 'telek'"
        ).fetchone()
    assert row == ("telek_owner", True, True)


def test_the_app_may_make_no_table_of_its_own(services: Services) -> None:
    with (
        psycopg.connect(services.database_url("app")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("create table public.mine (id int)")


def test_exclusion_constraints_on_mixed_columns_can_be_made(services: Services) -> None:
    with psycopg.connect(services.database_url("owner")) as connection:
        connection.execute(
            "create temp table booking (room uuid, during tstzrange, exclude using gist (room with =, during with &&))"
        )


def test_postgres_listens_on_no_network_address(services: Services) -> None:
    with psycopg.connect(services.database_url("app")) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        sockets = Path(connection.info.host)
    assert sockets.is_absolute()
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700


def test_a_commit_waits_for_the_log_even_in_tests(services: Services) -> None:
    with psycopg.connect(services.database_url("app")) as connection:
        assert connection.execute("show synchronous_commit").fetchone() == ("on",)


def test_valkey_answers_to_its_password_only(services: Services) -> None:
    assert redis.Redis.from_url(services.redis_url).ping() is True
    port = redis.Redis.from_url(services.redis_url).connection_pool.connection_kwargs["port"]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port, retry=Retry(NoBackoff(), 0)).ping()


def test_the_addresses_stand_in_the_environment_while_it_runs_and_not_after(tmp_path: Path) -> None:
    with running_services(tmp_path, fast=True) as found:
        assert os.environ["DATABASE_URL"] == found.database_url("app")
        assert os.environ["REDIS_URL"] == found.redis_url
        pids = [found.postgres_pid, found.valkey_pid]
    assert "DATABASE_URL" not in os.environ
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_what_was_committed_survives_a_kill_and_the_address_stays(services: Services) -> None:
    with psycopg.connect(services.database_url("owner")) as connection:
        connection.execute("create table kept as select 7 as n")
    assert services.kill_postgres() == -signal.SIGKILL
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(services.database_url("owner"), connect_timeout=2)
    services.restart_postgres()
    with psycopg.connect(services.database_url("owner")) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


def test_a_killed_valkey_comes_back_under_its_address(services: Services) -> None:
    before = services.redis_url
    assert services.kill_valkey() == -signal.SIGKILL
    services.restart_valkey()
    assert services.redis_url == before
    assert redis.Redis.from_url(before).ping() is True


def test_named_servers_are_used_and_never_stopped(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", services.database_url("app"))
    monkeypatch.setenv("REDIS_URL", services.redis_url)
    with running_services(tmp_path) as found:
        assert found.database_url("owner") == services.database_url("owner")
        assert found.postgres is None
        with pytest.raises(RuntimeError, match="not Telek's own"):
            found.kill_postgres()
    with psycopg.connect(services.database_url("app")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert redis.Redis.from_url(services.redis_url).ping() is True
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://telek_app:p%40ss@db.example:5433/telek",
            "postgresql://telek_owner:p%40ss@db.example:5433/telek",
        ),
        ("postgresql://db.example/telek", "postgresql://telek_owner@db.example/telek"),
        ("postgresql://telek_app@/telek?host=%2Ftmp%2Fx", "postgresql://telek_owner@/telek?host=%2Ftmp%2Fx"),
    ],
)
def test_a_role_has_the_address_of_the_app_under_its_own_name(url: str, expected: str) -> None:
    assert url_for_role(url, "owner") == expected


def test_data_and_queued_work_are_there_at_the_next_start(tmp_path: Path) -> None:
    with running_services(tmp_path) as first:
        with psycopg.connect(first.database_url("owner")) as connection:
            connection.execute("create table kept as select 7 as n")
        redis.Redis.from_url(first.redis_url).rpush("queue", "job")
    with running_services(tmp_path) as second:
        with psycopg.connect(second.database_url("owner")) as connection:
            assert connection.execute("select n from kept").fetchone() == (7,)
            assert connection.execute("show fsync").fetchone() == ("on",)
        assert redis.Redis.from_url(second.redis_url).lrange("queue", 0, -1) == [b"job"]


START_AND_DIE = (
    "import os, signal, sys; from pathlib import Path; from telek.launcher.services import running_services\n"
    "with running_services(Path(sys.argv[1]), fast=True) as found:\n"
    "    print(found.postgres_pid, found.valkey_pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
)


def test_servers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", START_AND_DIE, str(tmp_path)], capture_output=True, text=True)
    orphans = [int(word) for word in done.stdout.split()]
    assert len(orphans) == 2
    wait_until(lambda: not any(_runs(pid) for pid in orphans), "both servers end")


def test_a_server_that_outlived_its_launcher_is_ended_before_a_new_one_works_on_its_files(tmp_path: Path) -> None:
    with running_services(tmp_path, fast=True) as first:
        old = [first.postgres_pid, first.valkey_pid]
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("DATABASE_URL")
            patch.delenv("REDIS_URL")
            stack = ExitStack()
            second = stack.enter_context(running_services(tmp_path, fast=True))
        with stack:
            assert not {second.postgres_pid, second.valkey_pid} & set(old)
            assert not any(_runs(pid) for pid in old)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_root_can_run_postgres_as_nobody_where_namespaces_are_refused(tmp_path: Path) -> None:
    home = home_of_nobody(programs(), tmp_path)
    postgres = EmbeddedPostgres(tmp_path, fast=True, home=home)
    try:
        postgres.begin()
        postgres.wait_until_ready()
        assert psutil.Process(postgres.pid).username() == "nobody"
        assert home.data.is_relative_to(OUTSIDE_EVERY_HOME)
        with psycopg.connect(postgres.url("app")) as connection:
            assert connection.execute("select current_user").fetchone() == ("telek_app",)
    finally:
        postgres.stop()
        subprocess.run(["rm", "-rf", str(home.data.parent)], check=True)


def test_the_password_of_valkey_is_in_no_list_of_processes(tmp_path: Path) -> None:
    valkey = EmbeddedValkey(tmp_path, durable=False)
    valkey.begin()
    try:
        valkey.wait_until_ready()
        assert valkey.password not in " ".join(psutil.Process(valkey.pid).cmdline())
        assert stat.S_IMODE((tmp_path / "valkey.conf").stat().st_mode) == 0o600
    finally:
        valkey.stop()


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
