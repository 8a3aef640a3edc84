"""Every window on purpose: the engine dies, fails, stalls past its lease or loses its connection at each named place.

The victim is a forked process and really gone (exit code 9). Then a sound engine does what is left. Lost, stuck and
doubled by key: 0 in every cell. Sent again under the same key: only where the victim had already been on the wire.
"""

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from apps.alerts.actions import raise_alert
from apps.alerts.models import Alert, AlertStep
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.core.ids import new_id
from apps.notifications.actions import queue
from apps.notifications.models import Delivery, State
from telek.pump import Pump
from tests.cast import Cast, make_cast
from tests.databases import superuser_url
from tests.provider.provider import Provider, running_provider
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

ENGINE = ["step.after-claim", "step.after-insert", "step.before-commit", "step.after-commit"]
SENDER = ["send.after-lease", "send.before-wire", "send.after-wire", "send.after-record", "sweep.before-commit"]
TIMEOUT = 0.25
LEASE = 3 * TIMEOUT


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(Path(tmp_path_factory.mktemp("provider"))) as provider:
        yield provider


@pytest.fixture
def provider(wire: Provider, settings: Any) -> Provider:
    settings.TRANSPORTS = dict.fromkeys(["sms", "email", "push", "voice"], "http")
    settings.TRANSPORT_URL = wire.url
    settings.SEND_TIMEOUT_SECONDS = TIMEOUT
    wire.behave("ok")
    wire.forget()
    return wire


@pytest.fixture
def clinic(db: None) -> Cast:
    """Two alerts whose second page is due now, and two reminders; committed."""
    with transaction.atomic():
        cast = make_cast()
    with cast.acting(cast.nurse), transaction.atomic():
        for cause in ("one", "two"):
            raise_alert(
                patient=cast.patient,
                cause=cause,
                level="P1",
                title="A drill",
                source_kind="call-request",
                source_id=new_id(),
                rule_code="drill",
            )
            put_reminder(cast, cause)
    clock.shift(timedelta(minutes=6))
    return cast


def put_reminder(cast: Cast, name: str) -> None:
    queue(
        clinic_id=cast.clinic.pk,
        kind="4-reminder",
        dedupe_key=f"rem:{name}",
        subject_kind="thing",
        subject_id=new_id(),
        recipient_id=cast.patient_user.pk,
        channel="sms",
        address="+15550100",
        template="survey-reminder",
        context={"clinic": "Riverside Clinic", "link": "/x/"},
    )


def begin_victim(failpoints: str, work: Callable[[], object]) -> int:
    """Fork; the child works under these failpoints and ends with 0, 1 (an exception) or 9 (killed at the place)."""
    connection.close()  # a connection that two processes share would be ended by either
    pid = os.fork()
    if pid:
        return pid
    django_settings.FAILPOINTS = failpoints
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def end_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def drop_connections() -> None:
    with psycopg.connect(superuser_url(), autocommit=True) as server:
        server.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'telek_pump'")


def rescue(cast: Cast) -> None:
    """A sound engine, until nothing is due."""
    pump = Pump("rescue")
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while pump.run_cycle().done or waiting(cast):
        assert time.monotonic() < give_up_at, [(row.state, row.last_error) for row in deliveries(cast)]
        time.sleep(0.05)


def deliveries(cast: Cast) -> list[Delivery]:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        return list(Delivery.objects.all())


def waiting(cast: Cast) -> bool:
    held = {State.LEASED, State.SENDING}
    now = clock.now()
    return any(row.state in held or (row.state == State.PENDING and row.not_before <= now) for row in deliveries(cast))


def assert_sound(cast: Cast, provider: Provider, *, repeats: int) -> None:
    received, rows = provider.keys(), deliveries(cast)
    pages = [row for row in rows if row.kind == "1-alert" and row.not_before <= clock.now()]
    assert len(pages) >= 4
    assert all(row.state in (State.SENT, State.CANCELLED) for row in pages), [
        (row.state, row.last_error) for row in pages
    ]
    assert {str(row.pk) for row in pages if row.state == State.SENT} <= set(received)
    reminders = [row for row in rows if row.kind == "4-reminder"]
    assert {row.state for row in reminders} <= {State.SENT, State.UNKNOWN}
    assert all(received[str(row.pk)] <= 1 for row in reminders)
    assert sum(row.state == State.UNKNOWN for row in reminders) <= 1
    assert sum(times - 1 for times in received.values()) <= repeats
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert AlertStep.objects.filter(alert__patient=cast.patient).count() == 4  # the canary has one of its own
        assert not Alert.objects.due(clock.now()).exists()


@pytest.mark.parametrize("place", ENGINE + SENDER)
def test_a_death_at_any_place_loses_nothing(clinic: Cast, provider: Provider, place: str) -> None:
    with as_role("pump"):
        assert end_of(begin_victim(f"{place}=exit", Pump("victim").run_cycle)) == 9
        rescue(clinic)
    assert_sound(clinic, provider, repeats=int(place == "send.after-wire"))


@pytest.mark.parametrize("place", ["step.after-insert", "send.before-wire", "send.after-wire", "sweep.before-commit"])
def test_an_error_at_any_place_loses_nothing(clinic: Cast, provider: Provider, place: str) -> None:
    with as_role("pump"):
        assert end_of(begin_victim(f"{place}=raise", Pump("victim").run_cycle)) == 0
        rescue(clinic)
    clock.shift(timedelta(seconds=31))  # the engine puts a step off by 30 s that fails by an error of its own
    with as_role("pump"):
        rescue(clinic)
    # Two channels were at work, each on the wire in two turns: the canary was queued in between.
    assert_sound(clinic, provider, repeats=4 * (place == "send.after-wire"))


@pytest.mark.parametrize("place", SENDER[:4])
def test_a_sender_that_stalls_past_its_lease_changes_nothing_when_it_wakes(
    clinic: Cast, provider: Provider, place: str
) -> None:
    with as_role("pump"):
        victim = begin_victim(f"{place}=sleep:{LEASE + 0.3}", Pump("victim").run_cycle)
        time.sleep(0.2)
        rescue(clinic)
        assert end_of(victim) == 0
        rescue(clinic)
    assert_sound(clinic, provider, repeats=1)


@pytest.mark.parametrize("place", ["step.before-commit", "send.before-wire", "send.after-wire"])
def test_a_connection_that_is_cut_loses_nothing(clinic: Cast, provider: Provider, place: str) -> None:
    with as_role("pump"):
        victim = begin_victim(f"{place}=sleep:0.6", Pump("victim").run_cycle)
        time.sleep(0.3)
        drop_connections()
        end_of(victim)
        rescue(clinic)
    assert_sound(clinic, provider, repeats=1)


def test_eight_racing_engines_send_nothing_twice(clinic: Cast, provider: Provider, settings: Any) -> None:
    settings.SEND_TIMEOUT_SECONDS = 5  # the machine is busy: nobody loses a lease by waiting
    with clinic.acting(clinic.nurse), transaction.atomic():
        for number in range(100):
            put_reminder(clinic, str(number))
    with as_role("pump"):
        engines = [begin_victim("", Pump(f"engine-{number}").run_cycle) for number in range(8)]
        assert [end_of(engine) for engine in engines] == [0] * 8
        rescue(clinic)
    assert set(provider.keys().values()) == {1}
    assert sum(row.state == State.SENT for row in deliveries(clinic) if row.kind == "4-reminder") == 102
