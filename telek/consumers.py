"""The one live socket (/ws/): every app's topics and commands over JSON frames; docs/live.md lists them all.

Three tasks share a socket: this consumer answers what the client sends, one pushes what changed, one minds the
time. A hint only marks a topic as changed; what is sent is read from PostgreSQL by sequence number or version.
"""

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import ClassVar
from uuid import UUID

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from apps.accounts.sockets import SocketEnded, SocketIdentity
from apps.core import live
from apps.core.ids import new_id
from apps.core.topics import CommandRefused
from telek import live_batches, live_identities, live_shared, live_work
from telek.live_following import Following, Frame
from telek.live_frames import parse, sequence, text_of, versions
from telek.live_hints import listener
from telek.live_limits import IDLE, LIMITS, REPLACED, SLOW, TOO_BIG, TRY_LATER, Bucket, Limits, admit, dismiss
from telek.live_topics import together
from telek.live_work import NotYours, topic_of, work

logger = logging.getLogger(__name__)

CLOSING_S = 2.0  # for the close frame of a client that does not read


class LiveConsumer(AsyncConsumer):
    """One socket of one person."""

    channel_layer_alias = "none"  # hints come by telek.live_hints, which outlives a dead Valkey
    limits: ClassVar[Limits] = LIMITS
    identity: SocketIdentity

    def __init__(self) -> None:
        self.name = str(new_id())
        self.topics: dict[str, Following] = {}
        self.listener = listener()
        self.bucket = Bucket(self.limits)
        self.closing = False
        self.database_answers = True
        self.status_due = False
        self.wake = asyncio.Event()
        self.sending = asyncio.Lock()
        self.tasks: list[asyncio.Task[None]] = []
        self.time = asyncio.get_running_loop().time
        self.heard_at = self.identified_at = self.compared_at = self.time()
        self.early = random.uniform(0.5, 0.8)  # noqa: S311  (of the time after which it must be asked who this is)
        self.told = 0  # hints on the person's own topic

    # --- opening and closing -----------------------------------------------------------------------

    async def websocket_connect(self, _message: Frame) -> None:
        self.identity = self.scope["identity"]
        self.own_topic = f"user:{self.identity.user.pk}"
        self.clinic_topic = f"clinic:{self.identity.membership.clinic_id}"  # brings hints of many topics at once
        await self.send({"type": "websocket.accept"})
        for crowded_out in admit(self.identity.user.pk, self, self.limits.sockets):
            dismiss(self.identity.user.pk, crowded_out)  # it may never say goodbye itself
            await crowded_out.end(REPLACED)
        for topic in (self.own_topic, self.clinic_topic):
            await self.listener.join(topic, self)
        try:
            self.identity, welcome = await work(live_work.greet)(self.identity)
        except SocketEnded as ended:
            await self.end(ended.code)
        except DatabaseError:
            await self.end(TRY_LATER)
        else:
            await self.say({"type": "welcome", **welcome, "live": self.listener.alive})
            self.tasks = [asyncio.create_task(self.push()), asyncio.create_task(self.mind())]

    async def websocket_disconnect(self, _message: Frame) -> None:
        self.closing = True
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        dismiss(self.identity.user.pk, self)
        for topic in [*self.topics, self.own_topic, self.clinic_topic]:
            await self.listener.leave(topic, self)
        raise StopConsumer

    async def end(self, code: int) -> None:
        """Close, once. Never raises: whoever makes room for a newer socket may be gone long since.

        An error here would end the newer one, which would then stand in the way of the next, for ever.
        """
        if not self.closing:
            self.closing = True
            self.wake.set()
            with suppress(OSError, RuntimeError):  # the client is gone, or the server has closed it already
                async with asyncio.timeout(CLOSING_S):
                    await self.send({"type": "websocket.close", "code": code})

    async def say(self, frame: Frame) -> None:
        """Send a frame; a client that does not read for half a minute is let go."""
        if self.closing:
            return
        text = json.dumps(frame, separators=(",", ":"), default=str)
        try:
            async with self.sending, asyncio.timeout(self.limits.slow_s):
                await self.send({"type": "websocket.send", "text": text})
        except TimeoutError:
            await self.end(SLOW)
        except OSError:  # the client is gone; the server says so in a moment
            self.closing = True

    # --- what is heard from the other processes (called in the event loop; must not wait) -----------------

    def hear(self, topic: str, hint: Frame) -> None:
        if topic == self.own_topic:
            self.identified_at = float("-inf")  # signed out or revoked, perhaps: look now
            self.told += 1
        following = self.topics.get("user" if topic == self.own_topic else topic)
        if "relay" in hint or topic == self.own_topic:
            if following is not None and hint.get("socket") != self.name:
                following.relays.append({"frame": hint.get("relay", hint), "from": hint.get("from")})
        elif following is not None:
            following.touch(hint)
        self.wake.set()

    @property
    def user_id(self) -> UUID:
        return self.identity.user.pk

    def take(self, topic: str, raw: Frame) -> None:
        if (following := self.topics.get(topic)) is not None:
            following.ready.append(raw)
            self.wake.set()

    def hearing_changed(self) -> None:
        self.touch_all()
        self.status_due = True
        self.wake.set()

    def touch_all(self) -> None:
        """Something may have been missed: compare every topic with the database."""
        self.compared_at = self.time()
        for following in self.topics.values():
            following.touch_all()
        self.wake.set()

    # --- the pushing task -----------------------------------------------------------------------------

    async def push(self) -> None:
        """Send what changed, one topic after the other, whenever woken."""
        while not self.closing:
            await self.wake.wait()
            self.wake.clear()
            await self.guard(self.push_all)

    async def push_all(self) -> None:
        if self.time() - self.identified_at > self.limits.identify_s:
            await self.identify()
        if self.status_due:
            self.status_due = False
            await self.say({"type": "status", "live": self.listener.alive, "database": self.database_answers})
        for following in list(self.topics.values()):
            await self.push_relays(following)
            await self.push_ready(following)
            while following.dirty and not self.closing:
                await self.guard(partial(self.push_topic, following), about=following.topic)

    async def push_relays(self, following: Following) -> None:
        waiting, following.relays = following.relays, []
        for relayed in waiting:
            await self.say({"type": "relay", "topic": following.topic, **relayed})

    async def push_ready(self, following: Following) -> None:
        """Rows that this process committed itself, if they are the next ones; a locked screen reads without content."""
        if not following.ready:
            return
        if self.identity.locked:
            following.ready, following.dirty = [], True
            return
        for frame in following.take(live_work.shaper(self.identity, following.topic)):
            await self.say(frame)

    async def push_topic(self, following: Following) -> None:
        want = following.want()
        try:
            found = await live_shared.read(self.identity, want)
        except NotYours:
            await self.forget(following.topic)
            await self.say(refusal(following.topic, "not-found", _("There is nothing here that you can follow.")))
            return
        except DatabaseError:
            following.touch_all()
            following.dirty = False  # the minding task tries again
            raise
        for frame in following.frames(found, want, self.time()):
            await self.say(frame)

    async def guard(self, step: Callable[[], Awaitable[None]], about: str = "") -> None:
        """A lost session ends the socket; a dead database, or a topic that fails, is said and tried again."""
        try:
            await step()
        except SocketEnded as ended:
            await self.end(ended.code)
        except DatabaseError as error:
            await self.database(answers=False)
            logger.warning("live: the database did not answer (%s)", type(error).__name__)
        except Exception:  # a fault in any app's topic or command: logged, said, and the person's socket lives on
            logger.exception("live: %s failed", about or "a frame")
            await self.say(refusal(about, "failed", _("This failed on our side.")))
        else:
            await self.database(answers=True)

    async def database(self, *, answers: bool) -> None:
        if answers != self.database_answers:
            self.database_answers = answers
            await self.say({"type": "status", "live": self.listener.alive, "database": answers})

    async def identify(self, *, now: bool = True) -> None:
        was_locked, asked_at = self.identity.locked, self.time()
        told = self.told  # a hint that comes while the answer is on its way is not answered by it
        self.identity = await live_identities.again(self.identity, now=now)
        if told == self.told:
            self.identified_at = asked_at
        if was_locked and not self.identity.locked:
            for following in self.topics.values():
                following.versions.clear()
            self.touch_all()

    # --- the minding task -----------------------------------------------------------------------------

    async def mind(self) -> None:
        """Idle and slow clients, the session every 30 seconds, and reading without hints while Valkey is away."""
        while not self.closing:
            await asyncio.sleep(self.limits.tick_s)
            now = self.time()
            if now - self.heard_at > self.limits.idle_s:
                await self.end(IDLE)
            elif any(following.is_slow(now, self.limits.slow_s) for following in self.topics.values()):
                await self.end(SLOW)
            elif not (self.listener.alive and self.database_answers) and now - self.compared_at > self.limits.blind_s:
                self.touch_all()
            elif now - self.identified_at > self.limits.identify_s:
                self.wake.set()
            elif now - self.identified_at > self.limits.identify_s * self.early:
                await self.guard(partial(self.identify, now=False))  # so that no message waits for it

    # --- what the client says -----------------------------------------------------------------------------

    async def websocket_receive(self, message: Frame) -> None:
        self.heard_at = self.time()
        text = message.get("text")
        if not self.bucket.take(self.heard_at):
            await self.end(SLOW)
        elif len(text if text is not None else message.get("bytes") or b"") > self.limits.frame_bytes:
            await self.end(TOO_BIG)
        elif not self.closing:
            await self.guard(partial(self.answer, text))

    async def answer(self, text: str | None) -> None:
        """Every frame is answered or acted on; what is wrong with it is said, and the socket lives on."""
        frame: Frame = {}
        try:
            frame = parse(text, self.limits.frame_bytes)
            handler = self.handlers.get(frame["type"])
            if handler is None:
                raise CommandRefused("bad-frame", _("There is no such frame."))
            await handler(self, frame)
        except CommandRefused as refused:
            await self.say(refusal(text_of(frame.get("id"), 64), refused.code, refused.message))

    async def follow(self, frame: Frame) -> None:
        topic = topic_of(frame.get("topic"))
        after, have = sequence(frame.get("after", 0)), versions(frame.get("have"))
        if topic not in self.topics and len(self.topics) >= self.limits.topics:
            raise CommandRefused("too-many", _("Too many topics on one connection."))
        if topic != "user":
            await self.listener.join(topic, self)  # before the head is read: nothing falls in between
            self.topics[topic] = Following(topic, sent=after, got=after, versions=have, opened=bool(have))
        else:
            self.topics[topic] = Following(topic, dirty=False)
        self.wake.set()

    async def unfollow(self, frame: Frame) -> None:
        await self.forget(topic_of(frame.get("topic")))

    async def forget(self, topic: str) -> None:
        if self.topics.pop(topic, None) is not None and topic != "user":
            await self.listener.leave(topic, self)

    async def got(self, frame: Frame) -> None:
        following = self.topics.get(topic_of(frame.get("topic")))
        if following is not None:
            following.confirm(sequence(frame.get("seq")))
            self.wake.set()

    async def ping(self, frame: Frame) -> None:
        heads = frame.get("heads")
        for topic, seq in heads.items() if isinstance(heads, dict) else ():
            if topic in self.topics:
                self.topics[topic].confirm(sequence(seq))
        self.touch_all()
        pulse = await work(live_work.pulse)()
        await self.say({"type": "pong", **pulse, "live": self.listener.alive, "database": self.database_answers})

    async def command(self, frame: Frame) -> None:
        name, id_ = text_of(frame.get("name"), 40), text_of(frame.get("id"), 64)
        try:
            result = await self.run_command(name, frame)
        except DatabaseError:
            text = _("Not done: the system does not answer just now. Try again.")
            await self.say(refusal(id_, "unavailable", text))
            raise
        await self.say({**result, "type": "done", "id": id_})

    async def run_command(self, name: str, frame: Frame) -> Frame:
        """A command of many senders waits for the next batch, as whoever was read less than half a minute ago.

        Their membership is read again with the batch; without hints everything is read again first.
        """
        if name not in together():
            return await work(live_work.run_command)(self.identity, name, frame)
        if not self.is_fresh():
            await self.identify()
        return await live_batches.run(name, self.identity, frame, self.listener)

    async def relay(self, frame: Frame) -> None:
        topic, inner = topic_of(frame.get("topic")), frame.get("frame")
        if not isinstance(inner, dict):
            raise CommandRefused("bad-frame", _("There is no frame to pass on."))
        if self.is_fresh() and topic in self.topics and live_work.is_said_by_followers(topic):
            if not self.identity.locked:
                await self.pass_on(topic, inner)
            return
        hint = await work(live_work.relay)(self.identity, topic, inner, self.name)
        if not self.listener.alive:
            self.listener.deliver({"topic": topic, "hint": hint})  # the members of this process at least

    async def pass_on(self, topic: str, inner: Frame) -> None:
        """Without a table: the person was read less than half a minute ago and was let follow this."""
        hint = live_work.cleaned(self.identity, topic, inner, self.name)
        if self.listener.alive:
            await asyncio.to_thread(live.send_together, topic, [(topic, hint)])
        else:
            self.listener.deliver({"topic": topic, "hint": hint})

    def is_fresh(self) -> bool:
        """Session and membership were read lately, and hints of a change would have been heard."""
        return self.listener.alive and self.time() - self.identified_at <= self.limits.identify_s

    handlers: ClassVar[dict[str, Callable[["LiveConsumer", Frame], Awaitable[None]]]] = {
        "follow": follow,
        "unfollow": unfollow,
        "got": got,
        "ping": ping,
        "command": command,
        "relay": relay,
    }


def refusal(id_: str, code: str, message: str) -> Frame:
    """What was not done and why; id is the frame's own, or the topic's name."""
    return {"type": "refused", "id": id_, "code": code, "message": message}
