"""The measurements. Each yields figures; each ceiling is the least work that could do the same, measured beside it."""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import uuid4

import httpx
import psutil
import psycopg
import redis
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from apps.core import clock
from apps.notifications import claims
from apps.patients.models import Patient
from tests.bench import calls, forecasts, readings, scene, starting
from tests.bench.board import board
from tests.bench.chat import chat
from tests.bench.figures import Figure, cpu_ms, interleaved, quantile, seconds
from tests.bench.serving import serve
from tests.chaos.rig import Rig

DELIVERIES = 100
ANSWERS = 20
BETWEEN_ANSWERS = 3.0  # seconds, so that one answer has reached every desk before the next is given
SOCKETS = 100
ROWS = 50
MANY = 1_000_000
CLAIMS = 20_000
AT_ONCE = 1_000
REMINDERS = 500
MESSAGES = 60
PING = json.dumps({"type": "ping", "heads": {}})


def pump_lateness(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """From the moment a delivery is due to its arrival at the provider; the ceiling is one bare POST to it."""
    pump = rig.add_pump("pump")
    bare = [seconds(lambda: _post_bare(rig)) for _ in range(DELIVERIES)]
    start = clock.now() + timedelta(seconds=2)
    due = {}
    for number in range(DELIVERIES):
        at = start + timedelta(seconds=random.uniform(0, 10))
        due[scene.put_delivery(number, at)] = at
    rig.wait_for(lambda: set(due) <= set(rig.provider.keys()), seconds=60, why="all due deliveries at the provider")
    arrived = {line["key"]: datetime.fromtimestamp(line["at"], UTC) for line in rig.provider.received()}
    late = [(arrived[key] - at).total_seconds() * 1000 for key, at in due.items()]
    pump.stop()
    rig.children.pop("pump")
    yield Figure("pump lateness, due to provider, median", median(late), "ms", median(bare) * 1000, len(late))
    yield Figure(
        "pump lateness, due to provider, p99", quantile(late, 0.99), "ms", quantile(bare, 0.99) * 1000, len(late)
    )


def _post_bare(rig: Rig) -> None:
    body = {"to": "+1", "channel": "sms", "subject": "", "body": "bare", "reference": "bare"}
    httpx.post(rig.provider.url, json=body, headers={"Idempotency-Key": "bare"}, trust_env=False).raise_for_status()


def answer_to_desk(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """From sending an unsafe answer to its alert on a desk's socket; the ceiling is a commit, a publish and a read."""
    patients = scene.more_patients(ANSWERS)
    slots = scene.due_slots(patients, is_open=True)
    clients = [(slot, scene.cookie(_user_of(slot.patient))) for slot in slots]
    desks = [scene.cookie(nurse) for nurse in scene.more_nurses(SOCKETS // 5)]
    with ExitStack() as stack:
        base = serve(rig, stack)
        sockets = [stack.enter_context(_desk_socket(base, one)) for one in desks for _ in range(5)]
        readers = [threading.Thread(target=_drain, args=(socket,), daemon=True) for socket in sockets[1:]]
        for reader in readers:
            reader.start()
        http = stack.enter_context(httpx.Client(base_url=base, trust_env=False))
        before = _cpu_of(rig, "web")
        times = [_answer_and_see(http, sockets[0], slot, session) for slot, session in clients]
        cpu = (_cpu_of(rig, "web") - before) / len(times)
    bare = [_commit_publish_hear(rig) for _ in range(ANSWERS)]
    name = f"unsafe answer to desk, {SOCKETS} sockets"
    bare_cpu = median(cpu_ms(lambda: _commit_publish_hear(rig)) for _ in range(ANSWERS))
    yield Figure(f"{name}, median", median(times), "ms", median(bare), len(times))
    yield Figure(f"{name}, p95", quantile(times, 0.95), "ms", quantile(bare, 0.95), len(times))
    yield Figure(f"{name}, server CPU", cpu, "ms", bare_cpu, len(times))


def _cpu_of(rig: Rig, name: str) -> float:
    """Milliseconds of CPU that a child has used so far."""
    process = rig.children[name].process
    assert process is not None
    used = psutil.Process(process.pid).cpu_times()
    return (used.user + used.system) * 1000


def _user_of(patient: Patient) -> Any:
    return scene.person(patient.user.email.partition("@")[0])


def _desk_socket(base: str, session: str) -> ClientConnection:
    """A socket that follows the alerts and has had its first page."""
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
    socket = connect(f"{base.replace('http', 'ws')}/ws/", origin=base, additional_headers=headers, max_size=2**22)  # type: ignore[arg-type]
    socket.send(json.dumps({"type": "follow", "topic": "alerts"}))
    _hear(socket, lambda frame: frame["type"] == "state")
    return socket


def _hear(socket: ClientConnection, wanted: Any) -> None:
    while not wanted(json.loads(socket.recv(timeout=20))):
        pass


def _drain(socket: ClientConnection) -> None:
    """Read whatever comes, and say every few seconds that somebody is there."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            try:
                socket.recv(timeout=15)
            except TimeoutError:
                socket.send(PING)


def _answer_and_see(http: httpx.Client, desk: ClientConnection, slot: Any, session: str) -> float:
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: "c" * 32}
    body = {"link_id": "q9", "value": 2, "client_id": str(uuid4())}
    heads = {"X-CSRFToken": "c" * 32, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    seen = threading.Event()
    name = slot.patient.family_name

    def watch() -> None:
        _hear(desk, lambda frame: frame["type"] == "state" and name in json.dumps(frame))
        seen.set()

    desk.send(PING)
    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    http.post(f"/survey/{slot.pk}/answer/", json=body, headers=heads).raise_for_status()
    assert seen.wait(20), "the alert did not arrive"
    took = (time.perf_counter() - began) * 1000
    watcher.join()
    time.sleep(BETWEEN_ANSWERS)
    return took


def _commit_publish_hear(rig: Rig) -> float:
    """One row committed, one publish, one read of the row by the other side: milliseconds."""
    valkey = redis.Redis.from_url(rig.valkey.url)
    ears = valkey.pubsub(ignore_subscribe_messages=True)
    ears.subscribe("bench")
    ears.get_message(timeout=1)
    with psycopg.connect(rig.postgres.url("postgres"), autocommit=True) as database:
        database.execute("create table if not exists bench (id uuid primary key, at timestamptz default now())")
        key = uuid4()
        began = time.perf_counter()
        database.execute("insert into bench (id) values (%s)", [key])
        valkey.publish("bench", str(key))
        while ears.get_message(timeout=1) is None:
            pass
        database.execute("select * from bench where id = %s", [key]).fetchone()
        took = (time.perf_counter() - began) * 1000
    ears.close()
    return took


def worklist(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """The desk's page with 50 alerts; the ceiling is one query for as many joined rows."""
    for patient in scene.more_patients(ROWS):
        scene.raise_for(patient, random.choice(["P1", "P2"]))
    client = scene.signed_in(scene.person("osei"))
    client.get("/desk/")
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/desk/")
    asked = [one["sql"] for one in queries.captured_queries]
    assert page.status_code == 200, page.status_code
    ours, bare = interleaved(
        options.rounds * 2, lambda: cpu_ms(lambda: client.get("/desk/")), lambda: cpu_ms(_fifty_rows)
    )
    own = [sql for sql in asked if not sql.startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    yield Figure(f"worklist of {ROWS} rows, server CPU", ours, "ms", bare, options.rounds * 2)
    yield Figure(f"worklist of {ROWS} rows, queries", len(own), "queries", 1, 1)


def _fifty_rows() -> None:
    with scene.in_clinic(), connection.cursor() as cursor:
        cursor.execute("select * from alerts_alert a join patients_patient p on p.id = a.patient_id limit %s", [ROWS])
        cursor.fetchall()


def due_work(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """Polling and claiming beside a million rows that are done; the ceiling is the same claim as bare SQL."""
    maria = scene.person("maria")
    clinic = maria.membership.clinic_id if maria.membership else None
    rig.sql(scene.FILL, clinic, maria.pk, "sent", MANY)
    rig.sql("analyze notifications_delivery")
    with _as_pump():
        ours, bare = interleaved(40, lambda: seconds(_lease), lambda: seconds(lambda: _lease_bare(0)))
        yield Figure(f"empty poll beside {MANY} deliveries", ours * 1000, "ms", bare * 1000, 40)
        rig.sql(scene.FILL, clinic, maria.pk, "pending", 2 * CLAIMS)
        rig.sql("analyze notifications_delivery")
        rounds = CLAIMS // AT_ONCE
        ours, bare = interleaved(rounds, lambda: seconds(_lease), lambda: seconds(lambda: _lease_bare(AT_ONCE)))
    name = f"due claim beside {MANY} deliveries, batches of {AT_ONCE}"
    yield Figure(name, AT_ONCE / ours, "rows/s", AT_ONCE / bare, CLAIMS)


def _as_pump() -> Any:
    from apps.core.db.roles import as_role

    return as_role("pump")


def _lease() -> int:
    return len(claims.lease(uuid4(), channel="sms", limit=AT_ONCE))


def _lease_bare(limit: int) -> None:
    """What any queue in PostgreSQL does at least: pick, lock, mark, return."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "update notifications_delivery set state = 'leased', lease_owner = %s, lease_until = now() + interval '5 s'"
            " where id in (select id from notifications_delivery where state = 'pending' and channel = 'sms'"
            " and not_before <= now() order by kind, not_before for update skip locked limit %s) returning *",
            [uuid4(), limit or AT_ONCE],
        )
        cursor.fetchall()


def reminders(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """Slots opened, reminders leased, sent to the provider and recorded by one pump; the ceiling is bare POSTs."""
    patients = scene.more_patients(REMINDERS)
    with httpx.Client(trust_env=False) as http:
        body = {"to": "+1", "channel": "sms", "subject": "", "body": "bare", "reference": "bare"}
        before = time.process_time()
        bare = seconds(
            lambda: [http.post(rig.provider.url, json=body, headers={"Idempotency-Key": "b"}) for _ in range(200)]
        )
        bare_cpu = (time.process_time() - before) * 1000 / 200
    rig.provider.forget()
    pump = rig.add_pump("pump")
    time.sleep(5)  # it has started and polls
    started = _cpu_of(rig, "pump")
    scene.due_slots(patients)
    rig.wait_for(lambda: len(_reminders_in(rig)) >= REMINDERS, seconds=180, why="every reminder at the provider")
    cpu = (_cpu_of(rig, "pump") - started) / REMINDERS
    times = _reminders_in(rig)
    pump.stop()
    rig.children.pop("pump")
    rate = (len(times) - 1) / (max(times) - min(times))
    yield Figure("reminders opened, leased, sent, recorded, one pump", rate, "reminders/s", 200 / bare, len(times))
    yield Figure("a reminder opened, leased, sent, recorded, pump CPU", cpu, "ms", bare_cpu, len(times))


def _reminders_in(rig: Rig) -> list[float]:
    """When each reminder arrived: they alone carry a one-tap link."""
    return [line["at"] for line in rig.provider.received() if "/s/" in line["text"]]


ALL = {
    "pump lateness": pump_lateness,
    "reminders": reminders,  # before there are alerts, which a pump would see to first
    "chat": chat,
    "answer to desk": answer_to_desk,
    "board": board,
    "worklist": worklist,
    "device readings": readings.device_ingest,
    "patient trend": readings.patient_trend,
    "call": calls.join_to_first_picture,
    "second start": starting.second_start,
    "due work": due_work,  # last: it leaves many rows behind
    "forecast": forecasts.forecast,
}
