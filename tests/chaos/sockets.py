"""Chat clients behind a line that is cut at random bytes: what each of them shows in the end, beside the database.

A client does what static/js/chat does: it shows a message only when its number is the next one, keeps what was not
confirmed, and sends it again with the same key after every new connection.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

Row = tuple[int, str, str]
LOST = (OSError, EOFError, TimeoutError, WebSocketException, InvalidHandshake)
PATIENCE = 120.0


@dataclass
class Line:
    """A TCP proxy; while `cuts` are left, each connection ends after a random number of bytes in one direction."""

    target: int
    dice: random.Random
    cuts: int
    made: int = 0
    port: int = 0

    @asynccontextmanager
    async def open(self) -> Any:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        budgets: list[int | None] = [None, None]
        if self.cuts > 0:
            self.cuts -= 1
            self.made += 1
            budgets[self.dice.randrange(2)] = self.dice.randint(1, 3000)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        ways = ((reader, far_writer, budgets[0]), (far_reader, writer, budgets[1]))
        tasks = [asyncio.create_task(_pipe(*way)) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        writer.transport.abort()
        far_writer.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int | None) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            if budget is not None and len(data) >= budget:
                writer.write(data[:budget])
                await writer.drain()
                return
            budget = None if budget is None else budget - len(data)
            writer.write(data)
            await writer.drain()


@dataclass
class Person:
    """One client. shown: what its screen has; waiting: what it wrote and nobody confirmed; told: confirmed keys."""

    thread: str
    cookie: str
    to_write: int
    shown: list[Row] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    connections: int = 0

    async def live(self, url: str, origin: str, expected: int, dice: random.Random) -> None:
        """Until everything is confirmed and shown, whatever happens to the line."""
        while not self.is_done(expected):
            with suppress(*LOST):
                async with connect(url, origin=origin, additional_headers={"Cookie": self.cookie}) as socket:  # type: ignore[arg-type]
                    self.connections += 1
                    await self._talk(socket, expected, dice)
            await asyncio.sleep(dice.uniform(0.02, 0.3))

    def is_done(self, expected: int) -> bool:
        return len(self.shown) >= expected and not self.waiting and self.to_write == 0

    async def _talk(self, socket: ClientConnection, expected: int, dice: random.Random) -> None:
        await self._follow(socket)
        for key, body in list(self.waiting.items()):
            await self._send(socket, key, body)
        writer = asyncio.create_task(self._write(socket, dice))
        try:
            while not self.is_done(expected):
                try:
                    frame = json.loads(await asyncio.wait_for(socket.recv(), 5))
                except TimeoutError:
                    await socket.send(json.dumps({"type": "ping", "heads": {}}))
                    continue
                await self._take(socket, frame)
        finally:
            writer.cancel()

    async def _follow(self, socket: ClientConnection) -> None:
        await socket.send(json.dumps({"type": "follow", "topic": f"thread:{self.thread}", "after": len(self.shown)}))

    async def _write(self, socket: ClientConnection, dice: random.Random) -> None:
        with suppress(*LOST):
            while self.to_write:
                await asyncio.sleep(dice.uniform(0.1, 0.5))
                self.to_write -= 1
                key = str(uuid4())
                self.waiting[key] = f"Words {key} " + "x" * dice.randint(0, 200)
                await self._send(socket, key, self.waiting[key])

    async def _send(self, socket: ClientConnection, key: str, body: str) -> None:
        frame = {"type": "command", "name": "chat.send", "id": key, "thread": self.thread}
        await socket.send(json.dumps({**frame, "client_id": key, "body": body}))

    async def _take(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        if frame["type"] == "done":
            self.told[frame["id"]] = frame["seq"]
            self.waiting.pop(frame["id"], None)
        elif frame["type"] == "refused" and frame["code"] == "unavailable":
            await self._send(socket, frame["id"], self.waiting[frame["id"]])
        elif frame["type"] == "refused":
            self.refused.append(frame["code"])
        elif frame["type"] == "rows":
            await self._show(socket, frame["rows"])

    async def _show(self, socket: ClientConnection, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if row["seq"] == len(self.shown) + 1:
                self.shown.append((row["seq"], row["client_id"], row["body"]))
            elif row["seq"] > len(self.shown):
                await self._follow(socket)
                return
        await socket.send(json.dumps({"type": "got", "topic": f"thread:{self.thread}", "seq": len(self.shown)}))


async def storm(
    base: str, people: list[Person], cuts: int, seed: int, besides: Callable[[], Any] | None = None
) -> Line:
    """Everybody writes and reads through the line. besides: in a thread, at the same time (kills, say)."""
    dice = random.Random(seed)
    expected: dict[str, int] = {}
    for person in people:
        expected[person.thread] = expected.get(person.thread, 0) + person.to_write
    target = urlsplit(base).port or 0
    async with Line(target, dice, cuts).open() as line, asyncio.timeout(PATIENCE + cuts):
        url = f"ws://localhost:{line.port}/ws/"
        work = [person.live(url, base, expected[person.thread], dice) for person in people]
        if besides is not None:
            work.append(asyncio.to_thread(besides))
        await asyncio.gather(*work)
        return line  # type: ignore[no-any-return]


def faults(people: list[Person], stored: Callable[[str], list[Row]]) -> dict[str, int]:
    """Counts that must all be 0. stored: the thread's rows by the database, in order."""
    found = {"screens that differ from the database": 0, "confirmed and absent": 0, "doubled": 0, "refused": 0}
    for person in people:
        rows = stored(person.thread)
        found["screens that differ from the database"] += person.shown != rows
        numbers = {key: seq for seq, key, _body in rows}
        found["confirmed and absent"] += sum(numbers.get(key) != seq for key, seq in person.told.items())
        found["doubled"] += len(rows) - len({key for _seq, key, _body in rows})
        found["refused"] += len(person.refused)
    return found
