"""The socket of a call's guest (/ws/guest/): one visit's signalling and nothing else.

A guest has no account, so the live socket of the others (telek.consumers) is not theirs: this one knows no topic but the
visit it was opened for, no command but to sit down, to stay and to leave, and hands on only what is meant for this guest.
The invitation is read again before every frame, at every hint, and every two seconds whether or not hints arrive.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, ClassVar
from uuid import UUID

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction
from django.http.cookie import parse_cookie
from django.utils.translation import gettext as _

from apps.accounts.sockets import REVOKED, SESSION_OVER, origin_is_ours
from apps.core import live
from apps.core.db.scope import use_clinic
from apps.core.ids import new_id
from apps.core.topics import CommandRefused
from apps.sessions.actions import guest_is_here, join_as_guest, leave_as_guest
from apps.sessions.guest_links import clinic_in, guest_in
from apps.sessions.models import VisitGuest
from apps.sessions.refusal import VisitRefused
from apps.sessions.rows import own_guest_row
from apps.sessions.signalling import clean_frame
from apps.sessions.ways import paths
from telek import live_work
from telek.consumers import refusal
from telek.live_frames import parse, text_of
from telek.live_hints import listener
from telek.live_limits import IDLE, LIMITS, REPLACED, SLOW, TOO_BIG, Bucket, admit, dismiss
from telek.live_work import work

logger = logging.getLogger(__name__)
Frame = dict[str, Any]

SOCKETS = 2  # a guest; the older ones make room
LOOK_S = 2.0  # how long a removed guest may hear on at most
CLOSING_S = 2.0


class GuestGone(Exception):
    """The invitation is over: removed, expired, or the visit ended."""


def read_guest(session_key: str) -> VisitGuest:
    """The guest that this session is now. Raises GuestGone."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    clinic = clinic_in(session)
    if clinic is None:
        raise GuestGone
    with use_clinic(clinic), transaction.atomic():
        guest = guest_in(session)
    if guest is None:
        raise GuestGone
    return guest


def run_command(session_key: str, name: str, seat: object) -> None:
    """Join, stay or leave, as the guest is now. Raises CommandRefused, GuestGone."""
    guest = read_guest(session_key)
    verb = VERBS.get(name)
    token = _uuid(seat)
    if verb is None or token is None:
        raise CommandRefused("unknown", _("There is no such command."))
    try:
        with use_clinic(guest.clinic_id), transaction.atomic():
            verb(guest=guest, token=token)
    except VisitRefused as refused:
        raise CommandRefused(refused.code, refused.message) from refused


def pass_on(session_key: str, frame: Frame, socket: str) -> Frame:
    """Check a frame, clean it and publish it to the others of the call; returns the hint. Raises CommandRefused, GuestGone."""
    guest = read_guest(session_key)
    with use_clinic(guest.clinic_id), transaction.atomic():
        cleaned = clean_frame(frame, paths(guest.clinic))
    if own_guest_row(guest)["state"] != "in":
        raise CommandRefused("over", _("There is no call here."))
    if cleaned is None:
        raise CommandRefused("invalid", _("This cannot be passed on."))
    if cleaned["seat"] != str(guest.token):
        raise CommandRefused("replaced", _("The call is open on another page."))
    hint = {"relay": {**cleaned, "side": "guest"}, "from": str(guest.pk), "socket": socket}
    with transaction.atomic():
        live.publish(topic_of(guest), **hint)
    return hint


VERBS: dict[str, Callable[..., None]] = {
    "visit.join": join_as_guest,
    "visit.here": guest_is_here,
    "visit.leave": leave_as_guest,
}


def topic_of(guest: VisitGuest) -> str:
    """The one topic of that guest."""
    return f"visit:{guest.visit_id}"


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


class GuestConsumer(AsyncConsumer):
    """One socket of one guest."""

    channel_layer_alias = "none"
    guest: VisitGuest

    def __init__(self) -> None:
        self.name = str(new_id())
        self.bucket = Bucket(LIMITS)
        self.listener = listener()
        self.closing = False
        self.said_state: Frame | None = None
        self.following = False
        self.relays: list[Frame] = []
        self.wake = asyncio.Event()
        self.sending = asyncio.Lock()
        self.task: asyncio.Task[None] | None = None
        self.time = asyncio.get_running_loop().time
        self.heard_at = self.time()

    # --- opening and closing ---------------------------------------------------------------------------

    async def websocket_connect(self, _message: Frame) -> None:
        self.key = _session_key(self.scope) if origin_is_ours(self.scope) else ""
        try:
            self.guest = await work(read_guest)(self.key)
        except (GuestGone, DatabaseError):
            await self.send({"type": "websocket.close", "code": SESSION_OVER})
            raise StopConsumer from None
        await self.send({"type": "websocket.accept"})
        for crowded_out in admit(self.guest.pk, self, SOCKETS):
            dismiss(self.guest.pk, crowded_out)
            await crowded_out.end(REPLACED)
        await self.listener.join(topic_of(self.guest), self)
        welcome = {"epoch": await work(live_work.epoch)(), "heartbeat_s": 20, "user": str(self.guest.pk)}
        await self.say({"type": "welcome", **welcome, **await work(live_work.pulse)(), "live": self.listener.alive})
        self.task = asyncio.create_task(self.push())

    async def websocket_disconnect(self, _message: Frame) -> None:
        self.closing = True
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        dismiss(self.guest.pk, self)
        await self.listener.leave(topic_of(self.guest), self)
        raise StopConsumer

    async def end(self, code: int) -> None:
        """Close, once; never raises."""
        if not self.closing:
            self.closing = True
            with suppress(OSError, RuntimeError):
                async with asyncio.timeout(CLOSING_S):
                    await self.send({"type": "websocket.close", "code": code})

    async def say(self, frame: Frame) -> None:
        if self.closing:
            return
        text = json.dumps(frame, separators=(",", ":"), default=str)
        try:
            async with self.sending, asyncio.timeout(LIMITS.slow_s):
                await self.send({"type": "websocket.send", "text": text})
        except TimeoutError:
            await self.end(SLOW)
        except OSError:
            self.closing = True

    # --- what is heard from the others (called in the event loop; must not wait) -------------------------

    @property
    def user_id(self) -> UUID:
        return self.guest.pk

    def hear(self, _topic: str, hint: Frame) -> None:
        if "relay" not in hint:
            self.wake.set()
        elif hint.get("socket") != self.name:
            self.relays.append(hint)
            self.wake.set()

    def take(self, topic: str, raw: Frame) -> None:
        """Rows of a log: there is none here."""

    def hearing_changed(self) -> None:
        self.wake.set()

    # --- pushing -------------------------------------------------------------------------------------------

    async def push(self) -> None:
        """Say what changed, whenever woken and every two seconds."""
        while not self.closing:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self.wake.wait()
            self.wake.clear()
            if self.time() - self.heard_at > LIMITS.idle_s:
                await self.end(IDLE)
            else:
                await self.look()

    async def look(self) -> None:
        """Read the invitation again; over: the socket ends, and what waits for it is not said any more."""
        waiting, self.relays = self.relays, []
        try:
            self.guest = await work(read_guest)(self.key)
        except GuestGone:
            await self.end(REVOKED)
            return
        except DatabaseError as error:
            logger.warning("guest: the database did not answer (%s)", type(error).__name__)
            return
        state = own_guest_row(self.guest)
        if self.following and state != self.said_state:
            self.said_state = state
            await self.say({"type": "state", "topic": topic_of(self.guest), "rows": [state], "full": True})
        for hint in waiting:
            if self.is_meant(hint["relay"]):
                await self.say(
                    {"type": "relay", "topic": topic_of(self.guest), "frame": hint["relay"], "from": hint["from"]}
                )

    def is_meant(self, frame: Frame) -> bool:
        """Only while seated, and nothing that the two others say to each other."""
        token = str(self.guest.token) if self.guest.token else ""
        return bool(token) and own_guest_row(self.guest)["state"] == "in" and frame.get("to", token) == token

    # --- what the guest says -------------------------------------------------------------------------------

    async def websocket_receive(self, message: Frame) -> None:
        self.heard_at = self.time()
        text = message.get("text")
        if not self.bucket.take(self.heard_at):
            await self.end(SLOW)
        elif len(text if text is not None else message.get("bytes") or b"") > LIMITS.frame_bytes:
            await self.end(TOO_BIG)
        elif not self.closing:
            await self.answer(text)

    async def answer(self, text: str | None) -> None:
        frame: Frame = {}
        try:
            frame = parse(text, LIMITS.frame_bytes)
            handler = self.handlers.get(frame["type"])
            if handler is None:
                raise CommandRefused("bad-frame", _("There is no such frame."))
            await handler(self, frame)
        except CommandRefused as refused:
            await self.say(refusal(text_of(frame.get("id"), 64), refused.code, refused.message))
        except GuestGone:
            await self.end(REVOKED)
        except DatabaseError:
            await self.say(refusal(text_of(frame.get("id"), 64), "unavailable", _("Not done. Try again.")))

    async def ping(self, _frame: Frame) -> None:
        self.wake.set()
        await self.say({"type": "pong", **await work(live_work.pulse)(), "live": self.listener.alive})

    async def follow(self, frame: Frame) -> None:
        if frame.get("topic") != topic_of(self.guest):
            raise CommandRefused("not-found", _("There is nothing here that you can follow."))
        self.following, self.said_state = True, None
        self.wake.set()

    async def command(self, frame: Frame) -> None:
        await work(run_command)(self.key, text_of(frame.get("name"), 40), frame.get("seat"))
        self.wake.set()
        await self.say({"type": "done", "id": text_of(frame.get("id"), 64)})

    async def relay(self, frame: Frame) -> None:
        inner = frame.get("frame")
        if frame.get("topic") != topic_of(self.guest) or not isinstance(inner, dict):
            raise CommandRefused("bad-frame", _("There is no frame to pass on."))
        hint = await work(pass_on)(self.key, inner, self.name)
        if not self.listener.alive:
            self.listener.deliver({"topic": topic_of(self.guest), "hint": hint})

    handlers: ClassVar[dict[str, Callable[["GuestConsumer", Frame], Any]]] = {
        "ping": ping,
        "follow": follow,
        "command": command,
        "relay": relay,
    }


def _session_key(scope: Any) -> str:
    cookies = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    return parse_cookie("; ".join(cookies)).get(settings.SESSION_COOKIE_NAME) or ""
