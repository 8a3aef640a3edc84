"""A ceiling for chat: an ASGI relay with one INSERT and one commit a message, no sign-in, no audit, no Valkey.

`uvicorn tests.bench.bare_asgi:application` with BENCH_DATABASE_URL; the room is the path.
"""

import json
import os
from collections import defaultdict
from typing import Any

from psycopg_pool import AsyncConnectionPool

INSERT = "insert into bench_message (room, client, body) values (%s, %s, %s) returning id"

_pool: AsyncConnectionPool | None = None
_rooms: defaultdict[str, set[Any]] = defaultdict(set)


async def _pool_of_process() -> AsyncConnectionPool:
    global _pool
    if _pool is None:
        _pool = AsyncConnectionPool(os.environ["BENCH_DATABASE_URL"], min_size=8, max_size=8, open=False)
        await _pool.open()
    return _pool


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "websocket":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"up"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    room = scope["path"]
    _rooms[room].add(send)
    pool = await _pool_of_process()
    while (message := await receive())["type"] == "websocket.receive":
        frame = json.loads(message["text"])
        async with pool.connection() as connection:
            cursor = await connection.execute(INSERT, [room, frame["client_id"], frame["body"]])
            (seq,) = await cursor.fetchone() or (0,)
        await _tell(room, {"type": "rows", "rows": [{"seq": seq, **frame}]})
        await send({"type": "websocket.send", "text": json.dumps({"type": "done", "id": frame["id"], "seq": seq})})
    _rooms[room].discard(send)


async def _tell(room: str, frame: dict[str, Any]) -> None:
    text = json.dumps(frame)
    for send in list(_rooms[room]):
        await send({"type": "websocket.send", "text": text})
