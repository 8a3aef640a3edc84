"""One reading of a topic for all the sockets that want it at the same moment.

A hint wakes every desk of a clinic at once. Those with the same role and language read together: one transaction,
each row made once for whoever sees it alike, and one statement that writes down who was shown what. Hints that come
while they read are answered by the next reading, whichever rows they name: a busy board is read as often as it can be,
a quiet one at once.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import transaction
from django.utils import translation

from apps.accounts.sockets import SocketIdentity
from apps.core.db.scope import use_clinic
from apps.core.topics import Row
from telek.live_topics import topic_named
from telek.live_work import Found, NotYours, Want, read_topic, without_content, work

Key = tuple[str, UUID, str, str, bool]  # topic, clinic, role, language, whether everything is wanted
Reader = tuple[SocketIdentity, Want]


@dataclass
class Reading:
    """Who waits for one topic, read alike."""

    waiting: list[tuple[Reader, "asyncio.Future[Found]"]] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None


_readings: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Key, Reading]]" = WeakKeyDictionary()


async def read(identity: SocketIdentity, want: Want) -> Found:
    """The topic as this person may see it. Raises NotYours, DatabaseError."""
    name, _colon, _key = want.topic.partition(":")
    if not hasattr(topic_named(name).state, "for_all"):
        return await work(read_topic)(identity, want)
    loop = asyncio.get_running_loop()
    member = identity.membership
    key: Key = (want.topic, member.clinic_id, member.role, identity.user.language, want.only is None)
    readings = _readings.setdefault(loop, {})
    reading = readings.setdefault(key, Reading())
    found: asyncio.Future[Found] = loop.create_future()
    reading.waiting.append(((identity, want), found))
    if reading.task is None:
        reading.task = asyncio.create_task(_run(readings, key, reading))
    return await found


async def _run(readings: dict[Key, Reading], key: Key, reading: Reading) -> None:
    """Whoever comes while one reading is under way is in the next one: it began before their hint."""
    try:
        while reading.waiting:
            batch, reading.waiting = reading.waiting, []
            await _settle(key, batch)
    finally:
        reading.task = None
        readings.pop(key, None)


async def _settle(key: Key, batch: list[tuple[Reader, "asyncio.Future[Found]"]]) -> None:
    outcomes: list[Found | Exception]
    try:
        outcomes = list(await work(read_together)(key, [reader for reader, _future in batch]))
    except Exception as error:  # whatever it is, each of the waiting must hear of it
        outcomes = [error] * len(batch)
    for (_reader, future), outcome in zip(batch, outcomes, strict=True):
        if future.done():  # the socket closed meanwhile
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def read_together(key: Key, readers: list[Reader]) -> list[Found | NotYours]:
    """One transaction for people of one clinic, role and language. What one of them wants, each is given."""
    topic, clinic_id, _role, language, whole = key
    name, _colon, rest = topic.partition(":")
    found = topic_named(name)
    state: Any = found.state
    with translation.override(language), use_clinic(clinic_id), transaction.atomic():
        allowed = [one for one in readers if found.may_follow(one[0].user, rest)]
        viewers: list[tuple[Any, Mapping[str, int]]] = [(one.user, want.have) for one, want in allowed]
        views = state.for_all(viewers, rest, None if whole else sorted(_named(allowed)))
    shown: dict[int, list[Row]] = {id(reader): rows for reader, rows in zip(allowed, views, strict=True)}
    return [
        Found(state=without_content(shown[id(reader)], reader[0])) if id(reader) in shown else NotYours()
        for reader in readers
    ]


def _named(readers: list[Reader]) -> set[str]:
    """The rows that any of them wants."""
    return {name for _identity, want in readers for name in want.only or ()}
