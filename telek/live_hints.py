"""Hears the hints of apps.core.live: one subscription a process, handed on to the sockets of this process.

The channel layer's own subscription raises when Valkey is dead, which would end every socket with an error; this
one says `alive = False`, goes on trying, and tells its followers when hints may have been missed.
"""

import asyncio
import logging
import random
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.conf import settings
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from apps.core.live import group_name

logger = logging.getLogger(__name__)

CONFIRM_SECONDS = 1.0
PING_EVERY_SECONDS = 4.0
SILENT_SECONDS = 9.0
LOST = (RedisError, OSError, RuntimeError, TimeoutError)


class Follower(Protocol):
    """What wants to hear (a socket). All are called in the event loop and must not wait."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""

    def hear(self, topic: str, hint: dict[str, Any]) -> None:
        """Something changed on a topic that was joined."""

    def take(self, topic: str, raw: dict[str, Any]) -> None:
        """The next row of a log, committed, and written down as shown to this person."""

    def hearing_changed(self) -> None:
        """`alive` changed; when it became true, hints may have been missed."""


class HintListener:
    """Joins topics for the sockets of one event loop. alive: hints arrive now."""

    def __init__(self) -> None:
        self.alive = False
        self._followers: dict[str, set[Follower]] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        self._pubsub: Any = None
        self._task: asyncio.Task[None] | None = None

    async def join(self, topic: str, follower: Follower) -> None:
        """Returns when the subscription is confirmed, or after a second: the caller reads the head only then."""
        channel = _channel(topic)
        first = channel not in self._followers
        self._followers.setdefault(channel, set()).add(follower)
        confirmed = self._confirmed.setdefault(channel, asyncio.Event())
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        elif first:
            await self._tell("subscribe", channel)
        try:
            await asyncio.wait_for(confirmed.wait(), CONFIRM_SECONDS)
        except TimeoutError:
            logger.info("no hints yet: the subscription is not confirmed")

    async def leave(self, topic: str, follower: Follower) -> None:
        """The last one to leave a topic ends its subscription; the last of all ends the connection."""
        channel = _channel(topic)
        followers = self._followers.get(channel, set())
        followers.discard(follower)
        if followers or channel not in self._followers:
            return
        del self._followers[channel]
        self._confirmed.pop(channel, None)
        if self._followers:
            await self._tell("unsubscribe", channel)
        elif self._task is not None:
            self._task.cancel()
            self._task = None

    def deliver(self, message: dict[str, Any]) -> None:
        """Hand a hint to this process's followers (also called directly while Valkey is away)."""
        for topic, hint in message.get("hints") or [(message["topic"], message.get("hint"))]:
            for follower in self.followers(topic):
                follower.hear(topic, hint)

    def followers(self, topic: str) -> list[Follower]:
        """Who follows the topic in this process."""
        return list(self._followers.get(_channel(topic), ()))

    async def _tell(self, verb: str, channel: str) -> None:
        if self._pubsub is None:
            return
        try:
            await getattr(self._pubsub, verb)(channel)
        except LOST:
            self._pubsub = None  # the reading task sees the same loss, and begins anew with every channel

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self._listen()
                except LOST as error:
                    logger.warning("live hints lost: %s", type(error).__name__)
                self._lost()
                await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311  (jitter)
        finally:
            self._lost()

    def _lost(self) -> None:
        self._pubsub = None
        for confirmed in self._confirmed.values():
            confirmed.clear()
        self._say(alive=False)

    def _say(self, *, alive: bool) -> None:
        if self.alive == alive:
            return
        self.alive = alive
        for follower in set().union(*self._followers.values()):
            follower.hearing_changed()

    async def _listen(self) -> None:
        client = aioredis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=None)
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(*self._followers)
            self._pubsub = pubsub
            await self._read(pubsub)

    async def _read(self, pubsub: Any) -> None:
        """Ends only by raising: the connection broke, or did not even answer a ping."""
        clock = asyncio.get_running_loop().time
        heard_at = asked_at = clock()
        while clock() - heard_at < SILENT_SECONDS:
            message = await pubsub.get_message(timeout=1.0)
            if message is not None:
                heard_at = clock()
                self._take(message)
            elif clock() - asked_at > PING_EVERY_SECONDS:
                asked_at = clock()
                await asyncio.wait_for(pubsub.ping(), 2)
        raise ConnectionError("Valkey is silent")

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            confirmed = self._confirmed.get(message["channel"].decode())
            if confirmed is not None:
                confirmed.set()
            self._say(alive=True)
        elif message["type"] == "message":
            self.deliver(get_channel_layer().deserialize(message["data"]))


def _channel(topic: str) -> str:
    config: Any = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    return f"{config['prefix']}__group__{group_name(topic)}"


_listeners: "WeakKeyDictionary[asyncio.AbstractEventLoop, HintListener]" = WeakKeyDictionary()


def listener() -> HintListener:
    """The listener of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _listeners:
        _listeners[loop] = HintListener()
    return _listeners[loop]
