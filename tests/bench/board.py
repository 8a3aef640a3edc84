"""The session board: 30 people in chairs, a reading a second each, five desks that watch. From accepted to every desk.

bin/bench --only board              30 seconds
bin/bench --only board --seconds 600
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import psutil
import psycopg
from django.conf import settings
from django.db import transaction
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from apps.accounts.permissions import Permission
from apps.accounts.tokens import create_token
from apps.core.db.scope import use_clinic
from apps.sessions import actions
from apps.sessions.models import DosingSession
from tests.bench import scene
from tests.bench.figures import Figure, quantile
from tests.bench.serving import serve
from tests.chaos.rig import Rig

CHAIRS = 30
DESKS = 5
WARM = 3  # seconds that don't count
PATIENCE = 10.0


@dataclass
class Desk:
    """One watching desk: when it had which version of each session (wall clock of this process)."""

    socket: ClientConnection
    seen: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    async def read(self) -> None:
        """Until the socket closes."""
        with suppress(ConnectionClosed):
            async for text in self.socket:
                frame = json.loads(text)
                for row in frame.get("rows", ()) if frame.get("topic") == "sessions" else ():
                    self.seen.setdefault(row["id"], []).append((row["version"], time.perf_counter()))

    def had(self, session: str, version: int) -> float | None:
        """When this version, or a later one, was there."""
        return next((at for have, at in self.seen.get(session, ()) if have >= version), None)


def board(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """p95 from the accepted reading to every desk; CPU of web, PostgreSQL and Valkey; memory of the web process."""
    sessions = _sessions()
    nurses = scene.more_nurses(DESKS)
    tokens = [_token(nurse) for nurse in nurses]
    with ExitStack() as stack:
        base = serve(rig, stack, "telek.asgi", "web")
        cookies = [scene.cookie(nurse) for nurse in nurses]
        found = asyncio.run(_play(rig, base, sessions, tokens, cookies, float(options.seconds)))
    bare = _bare_commit(rig)
    what = f"board, {CHAIRS} sessions at 1 reading/s, {DESKS} desks"
    late, count = found.late, len(found.late)
    yield Figure(f"{what}, accepted to every desk, p95", quantile(late, 0.95) * 1000, "ms", bare, count)
    yield Figure(f"{what}, accepted to every desk, most", max(late) * 1000, "ms", bare, count)
    yield Figure(f"{what}, readings taken", count / found.seconds, "readings/s", CHAIRS, count)
    yield Figure(f"{what}, CPU of web, PostgreSQL and Valkey", found.cpu, "cores", 1, count)
    yield Figure(f"{what}, memory of the web process, end beside beginning", found.memory[1], "MiB", found.memory[0], 1)


@dataclass
class Found:
    """late: seconds from accepted to the last desk, one a reading; cpu: cores; memory: MiB at the beginning and end."""

    late: list[float]
    cpu: float
    memory: tuple[float, float]
    seconds: float


def _sessions() -> list[DosingSession]:
    doctor = scene.person("okafor")
    made = []
    for number, patient in enumerate(scene.more_patients(CHAIRS), 1):
        with use_clinic(patient.clinic_id), transaction.atomic():
            course = actions.start_course(patient=patient, template="iv-depression", actor=doctor)
            made.append(actions.open_session(course=course, chair=f"Chair {number:02}", actor=doctor))
    return made


def _token(nurse: Any) -> str:
    with scene.in_clinic():
        return create_token(label="bench", scopes=[Permission.WRITE_OBSERVATIONS], days=1, actor=nurse)[1]


async def _play(
    rig: Rig, base: str, sessions: list[DosingSession], tokens: list[str], cookies: list[str], seconds: float
) -> Found:
    desks = [await _desk(base, cookie) for cookie in cookies]
    readers = [asyncio.create_task(desk.read()) for desk in desks]
    accepted: list[tuple[str, int, float]] = []
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=PATIENCE) as http:
        await _round(http, sessions, tokens, WARM, [])
        versions = {str(one.pk): one.version + WARM for one in sessions}
        before, memory, began = _cpu(rig), _memory(rig), time.perf_counter()
        await _round(http, sessions, tokens, int(seconds), accepted, versions)
        spent = time.perf_counter() - began
        cpu = (_cpu(rig) - before) / spent
    await asyncio.sleep(2)
    late = [_lateness(desks, *one) for one in accepted]
    for desk in desks:
        await desk.socket.close()
    for reader in readers:
        reader.cancel()
    return Found(late, cpu, (memory, _memory(rig)), spent)


async def _round(
    http: httpx.AsyncClient,
    sessions: list[DosingSession],
    tokens: list[str],
    seconds: int,
    accepted: list[tuple[str, int, float]],
    versions: dict[str, int] | None = None,
) -> None:
    """Each session one reading a second, spread over the second; waits for the last answer."""

    async def chair(place: int, session: DosingSession) -> None:
        began = time.perf_counter() + place / len(sessions)
        for beat in range(seconds):
            await asyncio.sleep(max(0.0, began + beat - time.perf_counter()))
            await _send(http, session, tokens[place % len(tokens)], beat)
            if versions is not None:
                key = str(session.pk)
                versions[key] += 1
                accepted.append((key, versions[key], time.perf_counter()))

    await asyncio.gather(*(chair(place, session) for place, session in enumerate(sessions)))


async def _send(http: httpx.AsyncClient, session: DosingSession, token: str, beat: int) -> None:
    reading = {"sbp": 118 + beat % 12, "dbp": 74 + beat % 6, "hr": 66 + beat % 9, "spo2": 97, "rr": 14}
    body = {"events": [{"client_id": str(uuid4()), "kind": "vitals", **reading}]}
    answer = await http.post(
        f"/api/v1/dosing-sessions/{session.pk}/events/", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    assert len(answer.json()["created"]) == 1, answer.text


def _lateness(desks: list[Desk], session: str, version: int, at: float) -> float:
    times = [desk.had(session, version) for desk in desks]
    assert None not in times, f"a desk never saw version {version} of {session}"
    return max(0.0, max(one for one in times if one is not None) - at)


async def _desk(base: str, cookie: str) -> Desk:
    heads = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
    socket = await connect(f"{base.replace('http', 'ws')}/ws/", origin=base, additional_headers=heads)  # type: ignore[arg-type]
    await socket.send(json.dumps({"type": "follow", "topic": "sessions"}))
    while json.loads(await socket.recv()).get("topic") != "sessions":
        pass
    return Desk(socket)


def _processes(rig: Rig) -> list[psutil.Process]:
    process = rig.children["web"].process
    assert process is not None
    postgres = psutil.Process(rig.postgres.pid)
    return [psutil.Process(process.pid), psutil.Process(rig.valkey.pid), postgres, *postgres.children(recursive=True)]


def _cpu(rig: Rig) -> float:
    """Seconds of CPU so far."""
    total = 0.0
    for one in _processes(rig):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def _memory(rig: Rig) -> float:
    return float(_processes(rig)[0].memory_info().rss) / 1024 / 1024


def _bare_commit(rig: Rig) -> float:
    """Milliseconds of one inserted and committed row, p95: the least that a reading could take."""
    with psycopg.connect(rig.postgres.url("postgres"), autocommit=True) as database:
        database.execute("create table if not exists bench_reading (id bigserial primary key, value int)")
        times = []
        for number in range(100):
            began = time.perf_counter()
            database.execute("insert into bench_reading (value) values (%s)", [number])
            times.append((time.perf_counter() - began) * 1000)
    return quantile(times, 0.95)
