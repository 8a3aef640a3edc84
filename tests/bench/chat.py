"""Chat at 200 clients (or --clients) over real sockets: Telek and the two ceilings, in turns of one run."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from typing import Any

import psutil
from django.conf import settings

from apps.messaging.actions import open_thread
from tests.bench import scene
from tests.bench.chat_load import Crowd, join_bare, join_telek, measured
from tests.bench.figures import Figure, quantile
from tests.bench.serving import serve
from tests.chaos.rig import Rig

SOCKETS = 5  # a person has at most five in a process
ROUND = 4.0  # seconds
STEADY = 20  # messages a second, for the latencies
TABLE = "create table bench_message (id bigserial primary key, room text, client text, body text)"


def chat(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """Sustained rate, CPU a message (server, PostgreSQL, Valkey), and p95 at 20 messages a second."""
    rig.sql(TABLE)
    bare = {"BENCH_DATABASE_URL": rig.postgres.url("postgres")}
    with ExitStack() as stack:
        bases = {
            "telek": serve(rig, stack, "telek.asgi", "web"),
            "asgi": serve(rig, stack, "tests.bench.bare_asgi", "asgi", **bare),
            "channels": serve(rig, stack, "tests.bench.bare_channels", "channels", **bare),
        }
        try:
            found = asyncio.run(_play(rig, bases, _people(options.clients), options))
        except (TimeoutError, ConnectionError):
            print(rig.last_words(), file=sys.stderr)
            raise
    yield from _figures(found, options)


def _people(clients: int) -> list[tuple[str, str, str]]:
    """Thread, session of its patient, session of a nurse."""
    patients = scene.more_patients(clients // 2)
    nurses = [scene.cookie(nurse) for nurse in scene.more_nurses(-(-clients // 2 // SOCKETS))]
    people = []
    for number, patient in enumerate(patients):
        with scene.in_clinic():
            thread = open_thread(patient=patient)
        user = scene.person(patient.user.email.partition("@")[0])
        people.append((str(thread.pk), scene.cookie(user), nurses[number % len(nurses)]))
    return people


async def _play(
    rig: Rig, bases: dict[str, str], people: Any, options: argparse.Namespace
) -> dict[str, list[tuple[float, ...]]]:
    """By server, a line a round: messages a second, CPU ms a message, then the steady round's latencies in ms."""
    empty = _memory(rig)
    crowds = [
        await join_telek(bases["telek"], people, settings.SESSION_COOKIE_NAME),
        await join_bare("asgi", bases["asgi"], options.clients // 2),
        await join_bare("channels", bases["channels"], options.clients // 2),
    ]
    kilobytes = (_memory(rig) - empty) / options.clients
    found: dict[str, list[tuple[float, ...]]] = {crowd.name: [] for crowd in crowds}
    for number in range(options.rounds + 1):
        for crowd in crowds:
            line = await _round(rig, crowd)
            if number:  # the first one only warms up
                found[crowd.name].append(line)
    refused = [code for client in crowds[0].clients for code in client.refusals]
    assert not refused, refused
    for crowd in crowds:
        await crowd.leave()
    return found | {"idle": [(kilobytes,)]}


async def _round(rig: Rig, crowd: Crowd) -> tuple[float, ...]:
    server = {"telek": "web"}.get(crowd.name, crowd.name)
    rate, cpu = await measured(lambda: _cpu(rig, server), crowd, ROUND)
    took = await crowd.steady(STEADY, ROUND)
    return (rate, cpu, *(1000 * one for one in took))


def _cpu(rig: Rig, server: str) -> float:
    """Milliseconds of CPU so far: that server, PostgreSQL with its backends, and Valkey."""
    process = rig.children[server].process
    assert process is not None
    postgres = psutil.Process(rig.postgres.pid)
    family = [psutil.Process(process.pid), psutil.Process(rig.valkey.pid), postgres, *postgres.children(recursive=True)]
    times = [one.cpu_times() for one in family]
    return sum(one.user + one.system for one in times) * 1000


def _memory(rig: Rig) -> float:
    """Kilobytes of the server."""
    process = rig.children["web"].process
    assert process is not None
    return psutil.Process(process.pid).memory_info().rss / 1024


def _figures(found: dict[str, list[tuple[float, ...]]], options: argparse.Namespace) -> Iterator[Figure]:
    (kilobytes,) = found.pop("idle")[0]
    rounds, clients = options.rounds, options.clients
    yield Figure(f"chat memory of an open socket, {clients} clients", kilobytes, "KB", 0, clients)
    middle = {name: [median(line[place] for line in lines) for place in (0, 1)] for name, lines in found.items()}
    late = {name: quantile([one for line in lines for one in line[2:]], 0.95) for name, lines in found.items()}
    for bare in ("channels", "asgi"):
        beside = f"beside bare {bare}"
        yield Figure(
            f"chat sustained, {clients} clients, {beside}", middle["telek"][0], "messages/s", middle[bare][0], rounds
        )
        yield Figure(
            f"chat CPU a message, {clients} clients, {beside}", middle["telek"][1], "ms", middle[bare][1], rounds
        )
        yield Figure(
            f"chat p95 at {STEADY} messages/s, {clients} clients, {beside}", late["telek"], "ms", late[bare], rounds
        )
