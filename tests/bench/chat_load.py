"""Many chat clients in one event loop, against Telek or against a bare server: rates, latencies, nothing assumed.

Each conversation has two clients. A message counts when its sender was told so after commit *and* the other side has
the row.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PACE = 0.11  # seconds at least between two messages of a person: Telek allows ten frames a second
PATIENCE = 15.0  # seconds
BODY = "Good morning, how was the night?"


@dataclass
class Client:
    """One socket. wanted: client ids on their way to this side, with a future for their arrival."""

    socket: ClientConnection
    thread: str
    telek: bool
    last: int = 0
    answers: dict[str, asyncio.Future[float]] = field(default_factory=dict)
    arrivals: dict[str, asyncio.Future[float]] = field(default_factory=dict)
    reader: asyncio.Task[None] | None = None
    refusals: list[str] = field(default_factory=list)

    async def read(self) -> None:
        """Until the socket closes; whoever waits for an answer then fails with the close code."""
        with suppress(ConnectionClosed):
            async for text in self.socket:
                self._take(json.loads(text))
        why = ConnectionError(f"closed with {self.socket.close_code}")
        for future in [*self.answers.values(), *self.arrivals.values()]:
            if not future.done():
                future.set_exception(why)

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "done":
            _settle(self.answers, frame["id"])
        elif frame["type"] == "rows":
            for row in frame["rows"]:
                self.last = row["seq"]
                _settle(self.arrivals, row["client_id"])
        elif frame["type"] == "refused":
            self.refusals.append(frame["code"])
            if frame["id"] in self.answers:
                self.answers.pop(frame["id"]).set_exception(ConnectionError(f"refused: {frame['code']}"))

    async def say(self, frame: dict[str, Any]) -> None:
        await self.socket.send(json.dumps(frame))

    async def send(self, other: Client) -> float:
        """One message; seconds until both sides have it."""
        key = str(uuid4())
        loop = asyncio.get_running_loop()
        answer = self.answers[key] = loop.create_future()
        arrival = other.arrivals[key] = loop.create_future()
        frame: dict[str, Any] = {"id": key, "client_id": key, "body": BODY}
        if self.telek:
            frame |= {"type": "command", "name": "chat.send", "thread": self.thread}
        began = time.perf_counter()
        await self.say(frame)
        _done, late = await asyncio.wait([answer, arrival], timeout=PATIENCE)
        if late:
            missing = [name for name, one in (("answer", answer), ("row", arrival)) if one in late]
            raise TimeoutError(f"{missing} of {key} after {PATIENCE} s; refused: {self.refusals + other.refusals}")
        return max(answer.result(), arrival.result()) - began

    async def confirm(self) -> None:
        if self.telek:
            await self.say({"type": "got", "topic": f"thread:{self.thread}", "seq": self.last})


def _settle(waiting: dict[str, asyncio.Future[float]], key: str) -> None:
    future = waiting.pop(key, None)
    if future is not None and not future.done():
        future.set_result(time.perf_counter())


@dataclass
class Crowd:
    """The clients of one server, in pairs."""

    name: str
    pairs: list[tuple[Client, Client]]

    @property
    def clients(self) -> list[Client]:
        return [client for pair in self.pairs for client in pair]

    async def sustained(self, seconds: float) -> tuple[int, list[float]]:
        """Everybody writes as soon as the last message has arrived. How many arrived, and how long each took."""
        until = time.perf_counter() + seconds
        took: list[float] = []

        async def talk(one: Client, other: Client, late: float) -> None:
            await asyncio.sleep(late)
            while (began := time.perf_counter()) < until:
                took.append(await one.send(other))
                await asyncio.sleep(max(0.0, PACE - (time.perf_counter() - began)))

        await asyncio.gather(*(talk(*pair, PACE * n / len(self._both())) for n, pair in enumerate(self._both())))
        await self.confirm()
        return len(took), took

    async def steady(self, rate: float, seconds: float) -> list[float]:
        """So many messages a second, whether or not the last has arrived: how long each took."""
        pairs, sent = self._both(), []
        for number in range(int(rate * seconds)):
            one, other = pairs[number * 7 % len(pairs)]
            sent.append(asyncio.create_task(one.send(other)))
            await asyncio.sleep(1 / rate)
        took = await asyncio.gather(*sent)
        await self.confirm()
        return list(took)

    def _both(self) -> list[tuple[Client, Client]]:
        return [both for one, other in self.pairs for both in ((one, other), (other, one))]

    async def confirm(self) -> None:
        for client in self.clients:
            await client.confirm()

    async def leave(self) -> None:
        for client in self.clients:
            await client.socket.close()
            if client.reader is not None:
                client.reader.cancel()


async def join_telek(base: str, people: list[tuple[str, str, str]], cookie_name: str) -> Crowd:
    """people: thread id, the patient's session, the nurse's session."""

    async def one(thread: str, session: str) -> Client:
        heads = {"Cookie": f"{cookie_name}={session}"}
        socket = await connect(f"{base.replace('http', 'ws')}/ws/", origin=base, additional_headers=heads)  # type: ignore[arg-type]
        client = Client(socket, thread, telek=True)
        await client.say({"type": "follow", "topic": f"thread:{thread}", "after": 0})
        while json.loads(await socket.recv())["type"] != "rows":
            pass
        client.reader = asyncio.create_task(client.read())
        return client

    pairs = [(await one(thread, patient), await one(thread, nurse)) for thread, patient, nurse in people]
    return Crowd("telek", pairs)


async def join_bare(name: str, base: str, rooms: int) -> Crowd:
    async def one(room: int) -> Client:
        socket = await connect(f"{base.replace('http', 'ws')}/{room}", origin=base)  # type: ignore[arg-type]
        client = Client(socket, str(room), telek=False)
        client.reader = asyncio.create_task(client.read())
        return client

    return Crowd(name, [(await one(room), await one(room)) for room in range(rooms)])


async def measured(cpu: Callable[[], float], crowd: Crowd, seconds: float) -> tuple[float, float]:
    """Messages a second, and CPU milliseconds a message, of one round at full speed."""
    before, began = cpu(), time.perf_counter()
    count, _took = await crowd.sustained(seconds)
    return count / (time.perf_counter() - began), (cpu() - before) / count
