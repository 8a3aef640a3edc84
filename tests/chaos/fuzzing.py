"""Odd frames over real sockets by the ten thousand: the long form of tests/live/test_odd_frames.py."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections import Counter
from contextlib import ExitStack

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.chaos.frames import odd_frame
from tests.chaos.oracle import Finding
from tests.chaos.rig import Rig
from tests.chaos.sockets import Person

AT_ONCE = 8
BURST = 28  # frames of one connection: the server lets thirty through at once
ALLOWED = {4408, 4413, 4429}  # idle, too big, too fast; 1000 is our own goodbye


def judged(rig: Rig, frames: int, seed: int) -> list[Finding]:
    """Faults of ours, foreign rows and unheard bystanders; ceilings are 0."""
    os.environ.update(rig.environment | {"TELEK_DATABASE_ROLE": "app", "TELEK_LOG_LEVEL": "ERROR"})
    import django

    django.setup()
    from tests.bench.serving import serve
    from tests.chaos.talking import memory, people

    crowd = people(2 * AT_ONCE, 1)
    with ExitStack() as stack:
        base = serve(rig, stack)
        before, began = memory(rig), time.monotonic()
        found = asyncio.run(_storm(base, crowd, frames, seed))
        took, after = time.monotonic() - began, memory(rig)
    threads = [person.thread for person in crowd[::2]]
    strangers = sum(_written_by_others(rig, thread) for thread in threads)
    return [
        Finding("answers that were a fault of ours", found["failed"] + found["unavailable"], 0, frames),
        Finding("closes that the protocol does not know", found["odd close"], 0, frames),
        Finding("bystanders who were not heard within 5 s", found["unheard"], 0, found["asked"]),
        Finding("messages of strangers in a thread", strangers, 0, len(threads)),
        Finding("frames sent", found["sent"], None, frames),
        Finding("connections", found["connections"], None, frames),
        Finding("memory of the server, growth", after - before, None, 1, "MB"),
        Finding("time", took, None, 1, "s"),
    ]


async def _storm(base: str, crowd: list[Person], frames: int, seed: int) -> Counter[str]:
    found: Counter[str] = Counter()
    pairs = [(crowd[place], crowd[(place + 2) % len(crowd)]) for place in range(0, 2 * AT_ONCE, 2)]

    async def one(person: Person, other: Person, chance: random.Random) -> None:
        while found["sent"] < frames:
            await _visit(base, person, other.thread, chance, found)

    await asyncio.gather(*(one(*pair, random.Random(seed + n)) for n, pair in enumerate(pairs)))
    return found


async def _visit(base: str, person: Person, foreign: str, chance: random.Random, found: Counter[str]) -> None:
    """One connection's burst, and then a bystander of the same server who must still be answered."""
    found["connections"] += 1
    async with await _opened(base, person) as socket:
        try:
            for _turn in range(BURST):
                await socket.send(odd_frame(chance, person.thread, foreign))
                found["sent"] += 1
            await _listen(socket, found, 0.3)
        except ConnectionClosed:
            found["odd close"] += socket.close_code not in ALLOWED
    if chance.random() < 0.1:
        found["asked"] += 1
        async with await _opened(base, person) as socket:
            found["unheard"] += not await _is_answered(socket)


async def _opened(base: str, person: Person) -> ClientConnection:
    heads = {"Cookie": person.cookie}
    return await connect(f"{base.replace('http', 'ws')}/ws/", origin=base, additional_headers=heads)  # type: ignore[arg-type]


async def _listen(socket: ClientConnection, found: Counter[str], seconds: float) -> None:
    """Until it is silent for that long."""
    while True:
        try:
            frame = json.loads(await asyncio.wait_for(socket.recv(), seconds))
        except TimeoutError:
            return
        found[str(frame.get("code", ""))] += 1


async def _is_answered(socket: ClientConnection) -> bool:
    await socket.send(json.dumps({"type": "ping", "heads": {}}))
    try:
        async with asyncio.timeout(5):
            while json.loads(await socket.recv())["type"] != "pong":
                pass
    except (TimeoutError, ConnectionClosed):
        return False
    return True


def _written_by_others(rig: Rig, thread: str) -> int:
    query = (
        "select count(*) from messaging_message m join messaging_thread t on t.id = m.thread_id"
        " join patients_patient p on p.id = t.patient_id where t.id = %s and m.sender_id <> p.user_id"
    )
    return int(rig.sql(query, thread)[0][0])
