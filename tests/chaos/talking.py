"""The long form of tests/live/test_cut_line.py: many sockets of a rig, with both servers killed in mid-run."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import ExitStack

import psutil

from tests.chaos.oracle import Finding
from tests.chaos.rig import Rig
from tests.chaos.sockets import Person, Row, faults, storm

KILL_EVERY = 6.0  # seconds


def judged(rig: Rig, sockets: int, messages: int, cuts: int, seed: int) -> list[Finding]:
    """What was lost, doubled or shown otherwise than stored; ceilings are 0."""
    os.environ.update(rig.environment | {"TELEK_DATABASE_ROLE": "app", "TELEK_LOG_LEVEL": "ERROR"})
    import django

    django.setup()
    from tests.bench.serving import serve

    crowd = people(sockets, messages)
    with ExitStack() as stack:
        base = serve(rig, stack)
        before = memory(rig)
        began = time.monotonic()
        line = asyncio.run(storm(base, crowd, cuts, seed, besides=lambda: _kill(rig)))
        took, after = time.monotonic() - began, memory(rig)
    found = faults(crowd, lambda thread: _stored(rig, thread))
    total = sockets * messages
    return [
        *(Finding(name, value, 0, total) for name, value in found.items()),
        Finding("lines cut", line.made, None, line.made),
        Finding("connections", sum(person.connections for person in crowd), None, sockets),
        Finding("kills of PostgreSQL and Valkey", rig.kills, None, rig.kills),
        Finding("memory of the server, growth", after - before, None, 1, "MB"),
        Finding("time", took, None, 1, "s"),
    ]


def people(sockets: int, messages: int) -> list[Person]:
    """Pairs of a patient and a nurse; a nurse has five sockets at most."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # hundreds of people are made
    from apps.messaging.actions import open_thread
    from tests.bench import scene

    name = settings.SESSION_COOKIE_NAME
    patients = scene.more_patients(sockets // 2)
    nurses = [scene.cookie(nurse) for nurse in scene.more_nurses(-(-sockets // 8))]
    made = []
    for number, patient in enumerate(patients):
        with scene.in_clinic():
            thread = str(open_thread(patient=patient).pk)
        user = scene.person(patient.user.email.partition("@")[0])
        for session in (scene.cookie(user), nurses[number % len(nurses)]):
            made.append(Person(thread, f"{name}={session}", messages))
    return made


def _kill(rig: Rig) -> None:
    """One after the other, while everybody writes."""
    for kill in (rig.kill_valkey, rig.kill_postgres, rig.kill_valkey, rig.kill_postgres):
        time.sleep(KILL_EVERY)
        kill(down=0.5)


def _stored(rig: Rig, thread: str) -> list[Row]:
    query = "select seq, client_id::text, body from messaging_message where thread_id = %s order by seq"
    return [(int(seq), str(key), str(body)) for seq, key, body in rig.sql(query, thread)]


def memory(rig: Rig) -> float:
    process = rig.children["web"].process
    assert process is not None
    return float(psutil.Process(process.pid).memory_info().rss) / 2**20
