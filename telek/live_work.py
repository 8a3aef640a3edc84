"""What the live socket asks of the database; each function is one transaction, run in a worker thread."""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from channels.db import database_sync_to_async
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.sockets import SocketIdentity, as_person, identify_again
from apps.core import clock, live
from apps.core.models import EngineBeat
from apps.core.topics import CommandRefused, Row
from telek.live_topics import Topic, commands, topic_named

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

PAGE = 200  # rows of a log in one frame
_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="live")


def work(function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """The same function for the event loop: run in one of the socket's own threads."""
    return database_sync_to_async(function, thread_sensitive=False, executor=_THREADS)


class NotYours(Exception):
    """There is no such topic for this person."""


@dataclass(frozen=True)
class Want:
    """What a socket lacks of a topic. after: the last row of a log it was sent; only: ids of a state, None for all.

    have: the versions of a state that the client has; html is made only for the others.
    """

    topic: str
    after: int = 0
    only: frozenset[str] | None = None
    have: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A topic as the database has it. head is None where the topic is no log, state is None where it is no state."""

    head: int | None = None
    rows: list[Row] = field(default_factory=list)
    reset: bool = False
    state: list[Row] | None = None


def _split(topic: str) -> tuple[Topic, str]:
    name, _colon, key = topic.partition(":")
    return topic_named(name), key


def read_topic(identity: SocketIdentity, want: Want) -> Found:
    """The rows after a cursor and the rows of a state. Raises NotYours, DatabaseError."""
    topic, key = _split(want.topic)
    with as_person(identity) as user:
        if not topic.may_follow(user, key):
            raise NotYours
        head, rows, reset = _read_log(topic, user, key, want.after)
        state = _read_state(topic, user, key, want)
    return Found(head, without_content(rows, identity), reset, state and without_content(state, identity))


def _read_log(topic: Topic, user: Any, key: str, after: int) -> tuple[int | None, list[Row], bool]:
    """A cursor beyond the head comes from before a restored backup: begin again."""
    if topic.log is None:
        return None, [], False
    head = topic.log.head(user, key)
    reset = after > head
    start = 0 if reset else after
    return head, (topic.log.after(user, key, start, PAGE) if start < head else []), reset


def _read_state(topic: Topic, user: Any, key: str, want: Want) -> list[Row] | None:
    if topic.state is None:
        return None
    return topic.state.rows(user, key, None if want.only is None else sorted(want.only))


def shaper(identity: SocketIdentity, name: str) -> Callable[[Row], tuple[Row | None, Row | None]]:
    """How a committed row of that log looks to this person; no database."""
    topic, key = _split(name)

    def shape(raw: Row) -> tuple[Row | None, Row | None]:
        with translation.override(identity.user.language):
            log: Any = topic.log
            shaped: tuple[Row | None, Row | None] = log.shape(identity.user, key, raw)
            return shaped

    return shape


def without_content(rows: list[Row], identity: SocketIdentity) -> list[Row]:
    """A locked screen goes on sounding the alarm, and says nothing of anybody."""
    if not identity.locked:
        return rows
    kept = ("id", "seq", "version", "level")
    return [{"locked": True} | {name: row[name] for name in kept if name in row} for row in rows]


def run_command(identity: SocketIdentity, name: str, frame: Row) -> Row:
    """Do what was asked, as the person is now; returns only after commit. Raises CommandRefused, SocketEnded."""
    now = identify_again(identity)
    command = commands().get(name)
    if command is None:
        raise CommandRefused("unknown", _("There is no such command."))
    if now.locked:
        raise CommandRefused("locked", _("The screen is locked. Unlock it first."))
    try:
        with as_person(now) as user:
            return command(user, frame)
    except ValidationError as error:
        raise CommandRefused("invalid", " ".join(error.messages)) from error


def relay(identity: SocketIdentity, topic: str, frame: Row, socket: str) -> Row:
    """Check and clean a frame for the other members, and publish it; returns the hint. Raises CommandRefused."""
    now = identify_again(identity)
    found, key = _split(topic)
    with as_person(now) as user:
        if found.relay is None or not found.relay.may_follow(user, key):
            raise CommandRefused("not-found", _("There is nothing here that you can take part in."))
        hint = cleaned(now, topic, frame, socket)
        live.publish(topic, **hint)
    return hint


def is_said_by_followers(topic: str) -> bool:
    """Its frames need no database (RelayTopic.from_followers)."""
    return bool(getattr(_split(topic)[0].relay, "from_followers", False))


def cleaned(identity: SocketIdentity, topic: str, frame: Row, socket: str) -> Row:
    """The hint that carries a frame to the other members. Raises CommandRefused."""
    found, key = _split(topic)
    inner = found.relay.accept(identity.user, key, frame) if found.relay else None
    if inner is None:
        raise CommandRefused("invalid", _("This cannot be passed on."))
    return {"relay": inner, "from": str(identity.user.pk), "socket": socket}


def greet(identity: SocketIdentity) -> tuple[SocketIdentity, Row]:
    """The person afresh, and the welcome frame without its type."""
    now = identify_again(identity)
    return now, {"epoch": epoch(), "heartbeat_s": 20, "user": str(now.user.pk), **pulse()}


def pulse() -> Row:
    """server_now, and the age in seconds of the newest clean cycle of an engine (None: there never was one)."""
    beat = EngineBeat.objects.aggregate(at=Max("finished_ok_at"))["at"]
    now = clock.now()
    age = None if beat is None else round(max(0.0, (now - beat).total_seconds()), 1)
    return {"server_now": now.isoformat(), "engine_age_s": age}


@cache
def epoch() -> str:
    """Names this history of the database: another after a restore to an earlier time, so that cursors are void."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select system_identifier from pg_control_system()),"
            " (select timeline_id from pg_control_checkpoint()),"
            " (select oid from pg_database where datname = current_database())",
        )
        row = cursor.fetchone()
    return hashlib.sha256(repr(row).encode()).hexdigest()[:16]


def topic_of(value: object) -> str:
    """A well-formed topic: a short name, and after a colon a uuid in its usual writing. Raises CommandRefused."""
    name, colon, key = value.partition(":") if isinstance(value, str) else ("", "", "")
    try:
        if not 0 < len(name) <= 30 or not name.replace("-", "").isascii():
            raise ValueError
        return f"{name}:{UUID(key)}" if colon else name
    except ValueError:
        raise CommandRefused("bad-frame", _("This is no topic.")) from None
