"""Frames that no client of ours would send, many of them: refused in words, and the socket goes on for everybody."""

import json
import random
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import transaction

from apps.messaging.actions import open_thread
from apps.messaging.models import Message
from telek.consumers import LiveConsumer
from telek.live_limits import Limits
from tests.cast import Cast
from tests.chaos.frames import odd_frame
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
FRAMES = 600  # bin/chaos --frames sends 20,000 over real sockets


@database_sync_to_async
def threads(cast: Cast) -> tuple[str, str]:
    with cast.acting(cast.nurse), transaction.atomic():
        return str(open_thread(patient=cast.patient).pk), str(open_thread(patient=cast.patient_2).pk)


@database_sync_to_async
def stored(cast: Cast, thread: str) -> int:
    with cast.acting(cast.nurse), transaction.atomic():
        return Message.objects.filter(thread=thread).count()


async def test_odd_frames_are_refused_and_nothing_of_ours_fails(
    cast: Cast, open_socket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LiveConsumer, "limits", Limits(frames_per_s=1e6, burst=10**6))
    own, foreign = await threads(cast)
    socket, chance = await open_socket(cast.patient_user), random.Random(20_000)
    for number in range(FRAMES):
        frame = odd_frame(chance, own, foreign)
        kind = "bytes" if isinstance(frame, bytes) else "text"
        await socket.communicator.send_input({"type": "websocket.receive", kind: frame})
        if number % 50 == 49:
            await alive(socket, number)
    assert await stored(cast, foreign) == 0


async def alive(socket: Any, number: int) -> None:
    """The socket answers a ping, and nothing before that was a fault of ours."""
    thread = str(uuid4())
    await socket.say(type="command", name="chat.read", id=f"end-{number}", thread=thread, seq=1)
    while True:
        frame = json.loads(await socket.communicator.receive_from(timeout=PATIENCE_SECONDS))
        assert frame.get("code") not in ("failed", "unavailable"), frame
        if frame.get("id") == f"end-{number}":
            return
