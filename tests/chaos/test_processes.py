"""Real processes, really killed: nothing is lost, nothing is stuck, repeats only where a kill hit a sender."""

import os
import random
import signal
import time
from collections.abc import Iterator

import pytest

from tests import databases
from tests.chaos import oracle
from tests.chaos.rig import Rig, running_rig

pytestmark = [pytest.mark.chaos]
SEED = 20261125


@pytest.fixture(scope="module")
def servers(django_db_setup: None) -> Iterator[Rig]:
    with running_rig(migrate=databases.restore, TELEK_TIME_SCALE="20") as rig:
        yield rig


@pytest.fixture
def rig(servers: Rig) -> Iterator[Rig]:
    """Empty tables and an empty provider; whatever works is ended afterwards."""
    tables = "alerts_alertoccurrence alerts_alertstep alerts_alertevent alerts_alert notifications_delivery"
    servers.empty(*tables.split(), "monitoring_itemanswer", "core_enginebeat")
    servers.provider.behave("ok")
    servers.provider.forget()
    (servers.folder / "acknowledged.jsonl").unlink(missing_ok=True)
    servers.kills = 0
    yield servers
    servers.end_children()


def all_told(rig: Rig, count: int) -> bool:
    return len(oracle.journal(rig)) >= count


def all_reached(rig: Rig, count: int) -> bool:
    return len(oracle.first_page_seconds(rig)) >= count


def assert_nothing_lost(rig: Rig) -> None:
    for finding in oracle.judge(rig):
        assert finding.ceiling is None or finding.value <= finding.ceiling, finding


def test_with_celery_and_valkey_dead_the_pump_alone_delivers(rig: Rig) -> None:
    rig.valkey.kill()
    try:
        rig.add_pump("pump")
        rig.add_loader(0, 10, 0.05)
        rig.wait_for(lambda: all_reached(rig, 10), seconds=300, why="ten alerts at the provider")
    finally:
        rig.valkey.restart()
    assert_nothing_lost(rig)


def test_with_valkey_hung_the_pump_delivers_all_the_same(rig: Rig) -> None:
    """Worse than a dead one: it takes connections and never answers."""
    os.kill(rig.valkey.pid, signal.SIGSTOP)
    try:
        rig.add_pump("pump")
        rig.add_loader(0, 10, 0.05)
        rig.wait_for(lambda: all_reached(rig, 10), seconds=300, why="ten alerts at the provider")
    finally:
        os.kill(rig.valkey.pid, signal.SIGCONT)
    assert_nothing_lost(rig)


def test_with_the_pump_stopped_celery_alone_delivers(rig: Rig) -> None:
    rig.add_worker()
    rig.add_loader(0, 10, 0.05)
    rig.wait_for(lambda: all_reached(rig, 10), seconds=300, why="ten alerts at the provider")
    ask = "select 1 from core_enginebeat where engine = 'celery' and finished_ok_at is not null"
    rig.wait_for(lambda: bool(rig.sql(ask)), seconds=300, why="a sign of life of Celery's pump")
    assert_nothing_lost(rig)


def test_the_pump_ends_cleanly_when_it_is_told_to(rig: Rig) -> None:
    pump = rig.add_pump("pump")
    rig.wait_for(lambda: bool(rig.sql("select 1 from core_enginebeat")), seconds=300, why="a sign of life")
    assert pump.stop() == 0


def test_kills_of_everything_lose_no_alert(rig: Rig) -> None:
    """40 unsafe answers while pumps, worker, Valkey and PostgreSQL are killed at random."""
    dice = random.Random(SEED)
    rig.add_pump("pump-1")
    rig.add_pump("pump-2")
    rig.add_worker()
    rig.add_loader(0, 40, 0)
    rig.wait_for(lambda: all_told(rig, 5), seconds=300, why="the loader at work")
    for turn in range(12):
        time.sleep(dice.uniform(0.2, 0.8))
        if turn == 4:
            rig.kill_valkey(down=0.3)
        elif turn == 7:
            rig.kill_postgres(down=0.5)
        else:
            rig.kill_child(dice.choice(["pump-1", "pump-2", "worker", "loader"]))
    rig.wait_for(lambda: all_told(rig, 40), seconds=300, why="forty answers acknowledged")
    rig.wait_for(lambda: all_reached(rig, 40) and not oracle.stuck(rig), seconds=300, why="nothing waiting")
    assert rig.kills >= 6
    assert_nothing_lost(rig)
