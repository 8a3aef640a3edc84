"""Commands that many people give at once (chat.send): whatever waits while one batch commits is the next batch.

No delay is added: a lone request is a batch of one. The rows go to the followers in this process as they were
committed; other processes are told by one publication that there is something to read.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.sockets import SocketIdentity
from apps.core import live
from apps.core.db.scope import use_clinic
from apps.core.topics import CommandRefused, Done, Row, Together
from telek.live_hints import HintListener
from telek.live_topics import together
from telek.live_work import work

MOST = 200  # requests of one transaction
Outcome = Done | Exception
Waiting = tuple[Any, UUID, "asyncio.Future[Done]"]
Readers = dict[str, Collection[UUID]]


class Lane:
    """The requests of one command in one clinic, in one event loop."""

    def __init__(self, command: Together, clinic_id: UUID, listener: HintListener) -> None:
        self.command = command
        self.clinic_id = clinic_id
        self.listener = listener
        self.waiting: list[Waiting] = []
        self.task: asyncio.Task[None] | None = None

    async def do(self, request: Any, sender: UUID) -> Done:
        """Returns after commit. Raises CommandRefused, DatabaseError."""
        outcome: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self.waiting.append((request, sender, outcome))
        if self.task is None:
            self.task = asyncio.create_task(self.run())
        return await outcome

    async def run(self) -> None:
        try:
            while self.waiting:
                batch, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
                await self.commit(batch)
        finally:
            self.task = None

    async def commit(self, batch: list[Waiting]) -> None:
        loop = asyncio.get_running_loop()
        readers = self.readers(batch)
        requests = [request for request, _sender, _outcome in batch]

        def settle(outcomes: Sequence[Outcome]) -> None:
            loop.call_soon_threadsafe(self.settle, batch, outcomes, readers)

        try:
            await work(commit_and_tell)(self.command, requests, self.clinic_id, readers, settle)
        except Exception as error:  # whatever it is, each of the waiting must hear of it
            self.settle(batch, [error] * len(batch), readers)

    def readers(self, batch: list[Waiting]) -> Readers:
        """Who looks at the logs now; one who writes alone is not shown anything by that."""
        topics: defaultdict[str, set[UUID]] = defaultdict(set)
        for request, sender, _outcome in batch:
            topics[self.command.topic(request)].add(sender)
        readers: Readers = {}
        for topic, senders in topics.items():
            followers = {follower.user_id for follower in self.listener.followers(topic)}
            readers[topic] = followers - senders if len(senders) == 1 else followers
        return readers

    def settle(self, batch: list[Waiting], outcomes: Sequence[Outcome], readers: Readers) -> None:
        """Each sender is told first, and then the rows are shown."""
        for (_request, _sender, future), outcome in zip(batch, outcomes, strict=True):
            if future.done():  # the socket closed meanwhile, or it was told already
                continue
            if isinstance(outcome, Done):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)
        for (_request, sender, _future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Done):
                self.show(outcome, {sender, *readers.get(outcome.topic, ())})

    def show(self, done: Done, people: Collection[UUID]) -> None:
        """Its row to those who were written down as readers; the others find it by the hint."""
        if done.raw is None:
            return
        for follower in self.listener.followers(done.topic):
            if follower.user_id in people:
                follower.take(done.topic, done.raw)


def commit_and_tell(command: Together, requests: Sequence[Any], clinic_id: UUID, readers: Readers, settle: Any) -> None:
    """In a worker thread: commit, let the event loop know, then publish once for the other processes."""
    outcomes = committed(command, requests, clinic_id, readers)
    settle(outcomes)
    hints = {(topic, hint.get("id")): hint for one in outcomes if isinstance(one, Done) for topic, hint in one.hints}
    live.send_together(f"clinic:{clinic_id}", [(topic, hint) for (topic, _id), hint in hints.items()])


def committed(command: Together, requests: Sequence[Any], clinic_id: UUID, readers: Readers) -> list[Outcome]:
    """All in one transaction; when that fails each alone, so that one bad row fails alone."""
    try:
        return list(_together(command, requests, clinic_id, readers))
    except (
        OperationalError,
        InterfaceError,
    ):  # the connection is gone: once more, on a new one; a repeated key is the same message
        connection.close()
        return list(_together(command, requests, clinic_id, readers))
    except (DatabaseError, LookupError, TypeError, ValueError) as error:
        if len(requests) == 1:
            return [error]
        return [outcome for one in requests for outcome in committed(command, [one], clinic_id, readers)]


def _together(
    command: Together, requests: Sequence[Any], clinic_id: UUID, readers: Readers
) -> list[Done | CommandRefused]:
    with use_clinic(clinic_id), transaction.atomic():
        return command.run(requests, clinic_id, readers)


_lanes: "WeakKeyDictionary[HintListener, dict[tuple[str, UUID], Lane]]" = WeakKeyDictionary()


async def run(name: str, identity: SocketIdentity, frame: Row, listener: HintListener) -> Row:
    """The command of that name, as the person is known to be. Raises CommandRefused, DatabaseError."""
    with translation.override(identity.user.language):
        if identity.locked:
            raise CommandRefused("locked", _("The screen is locked. Unlock it first."))
        request = together()[name].read(identity.user, frame)
    lanes = _lanes.setdefault(listener, {})
    clinic_id = identity.membership.clinic_id
    lane = lanes.setdefault((name, clinic_id), Lane(together()[name], clinic_id, listener))
    return (await lane.do(request, identity.user.pk)).answer
