"""Who is on the other end, asked for many sockets at once: each says again every half minute who it is.

Whoever asks while one reading is under way is in the next one. A socket that looks in before its time waits a moment
for others; one that was told that something changed does not.
"""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from apps.accounts.sockets import SocketEnded, SocketIdentity, identify_together
from telek.live_work import work

GATHER_S = 0.5
MOST = 200
Outcome = SocketIdentity | SocketEnded
Waiting = tuple[SocketIdentity, "asyncio.Future[SocketIdentity]"]


@dataclass
class _Queue:
    waiting: list[Waiting] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None
    hurry: asyncio.Event = field(default_factory=asyncio.Event)


_queues: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue]" = WeakKeyDictionary()


async def again(identity: SocketIdentity, *, now: bool) -> SocketIdentity:
    """The person as they are now. now: do not wait for others. Raises SocketEnded, DatabaseError."""
    loop = asyncio.get_running_loop()
    queue = _queues.setdefault(loop, _Queue())
    found: asyncio.Future[SocketIdentity] = loop.create_future()
    queue.waiting.append((identity, found))
    if now:
        queue.hurry.set()
    if queue.task is None:
        queue.task = asyncio.create_task(_run(queue))
    return await found


async def _run(queue: _Queue) -> None:
    try:
        while queue.waiting:
            if not queue.hurry.is_set() and len(queue.waiting) < MOST:
                await _others(queue)
            queue.hurry.clear()
            batch, queue.waiting = queue.waiting[:MOST], queue.waiting[MOST:]
            await _settle(batch)
    finally:
        queue.task = None


async def _others(queue: _Queue) -> None:
    try:
        await asyncio.wait_for(queue.hurry.wait(), GATHER_S)
    except TimeoutError:
        return


async def _settle(batch: list[Waiting]) -> None:
    outcomes: list[Outcome | Exception]
    try:
        outcomes = list(await work(identify_together)([identity for identity, _future in batch]))
    except Exception as error:  # whatever it is, each of the waiting must hear of it
        outcomes = [error] * len(batch)
    for (_identity, future), outcome in zip(batch, outcomes, strict=True):
        if future.done():  # the socket closed meanwhile
            continue
        if isinstance(outcome, SocketIdentity):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)
