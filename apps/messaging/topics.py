"""Live: "thread:<id>" (a log, as a state how far it was read, as a relay who writes), "threads", and two commands."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sockets import members_in_force
from apps.audit import actions as audit
from apps.core.topics import CommandRefused, Done, Offer, Row
from apps.messaging.actions import checked_body
from apps.messaging.marks import Mark, Marked, mark
from apps.messaging.models import Message, Thread
from apps.messaging.posting import Outcome, Post, post
from apps.messaging.refusal import MessageRefused
from apps.messaging.rows import (
    message_row,
    raw_mark,
    raw_row,
    read_by,
    sent_row,
    shaped_mark,
    shaped_row,
    shaped_state,
    thread_of,
    thread_row,
    unread_of,
    with_senders,
    with_state,
)


class OfThread:
    """Behind "thread:<id>" there are three kinds, and one question who may follow."""

    def may_follow(self, user: Any, key: str) -> bool:
        return thread_of(user, key) is not None


class ThreadLog(OfThread):
    """The messages of one thread, in order; key: its id."""

    def head(self, user: Any, key: str) -> int:
        thread = thread_of(user, key)
        return thread.last_seq if thread else 0

    def after(self, user: Any, key: str, seq: int, limit: int) -> list[Row]:
        messages = Message.every.visible_to(user).filter(thread_id=key, seq__gt=seq)
        found = list(with_senders(messages)[:limit])
        audit.record_seen(found[:1], actor_id=user.pk, detail="thread")
        return [message_row(message, user) for message in found]

    def shape(self, user: Any, key: str, raw: Row) -> tuple[Row | None, Row | None]:
        if raw["seq"] is None:
            return None, shaped_mark(raw, user)
        return shaped_row(raw, user), shaped_state(raw, user)


class ThreadState(OfThread):
    """How far the other side has read: one row."""

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        thread = thread_of(user, key)
        if thread is None:
            return []
        return [{"id": key, "version": thread.version, "read": read_by(thread, user)}]


class Typing(OfThread):
    """{kind: "typing"}: somebody writes just now. Touches no table: whoever follows the thread may say it."""

    from_followers = True

    def accept(self, user: Any, key: str, frame: Row) -> Row | None:
        return {"kind": "typing", "name": user.name} if frame.get("kind") == "typing" else None


class Threads:
    """Every thread of the clinic, as the desk lists them; those among staff too."""

    def may_follow(self, user: Any, key: str) -> bool:
        return bool(user.may(Permission.CHAT)) and not key

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        return self.for_all([(user, {})], key, only)[0]

    def for_all(
        self, viewers: Sequence[tuple[User, Mapping[str, int]]], key: str, only: list[str] | None
    ) -> list[list[Row]]:
        """The rows of each viewer: all alike save for what is unread."""
        if not viewers:
            return []
        threads = Thread.every.visible_to(viewers[0][0]).filter(last_seq__gt=0)
        wanted = threads if only is None else threads.filter(pk__in=filter(_is_id, only))
        rows = [thread_row(thread) for thread in with_state(wanted, viewers[0][0])[:200]]
        people = [user.pk for user, _have in viewers]
        unread = unread_of(people, [row["id"] for row in rows]) if len(viewers) > 1 else {}
        return [
            rows if place == 0 else [row | {"unread": unread.get((person, row["id"]), 0)} for row in rows]
            for place, person in enumerate(people)
        ]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _client_id(payload: Row) -> UUID:
    try:
        return UUID(str(payload.get("client_id", "")))
    except ValueError as error:
        raise CommandRefused("client-id", _("The message has no key of its own.")) from error


class Send:
    """chat.send {thread, client_id, body} -> {thread, client_id, seq, sent_at}; answered after commit.

    crisis: true where a patient's own words have a phrase of danger: the page shows ways to get help at once.
    """

    def read(self, user: Any, payload: Row) -> Post:
        try:
            thread = UUID(str(payload.get("thread", "")))
        except ValueError as error:
            raise CommandRefused("not-found", _("There is no such conversation.")) from error
        body = payload.get("body")
        if not isinstance(body, str):
            raise CommandRefused("blank", _("Please write something first."))
        try:
            return Post(thread, _client_id(payload), checked_body(body), user)
        except MessageRefused as refused:
            raise CommandRefused(refused.code, refused.message) from refused

    def topic(self, request: Post) -> str:
        return f"thread:{request.thread_id}"

    def run(
        self, requests: Sequence[Post], clinic_id: UUID, readers: Mapping[str, Collection[UUID]]
    ) -> list[Done | CommandRefused]:
        shown = {request.thread_id: readers.get(self.topic(request), ()) for request in requests}
        wanted = in_force(requests, [request.sender for request in requests])
        outcomes = iter(post(wanted, clinic_id, shown) if wanted else ())
        kept = {id(one) for one in wanted}
        return [self._done(one, next(outcomes)) if id(one) in kept else _not_found() for one in requests]

    def _done(self, request: Post, outcome: Outcome) -> Done | CommandRefused:
        if isinstance(outcome, MessageRefused):
            return CommandRefused(outcome.code, outcome.message)
        message, topic = outcome.message, self.topic(request)
        if not outcome.fresh:
            return Done(sent_row(message))
        hints: list[tuple[str, Row]] = [(topic, {"head": message.seq}), ("threads", {"id": str(message.thread_id)})]
        return Done(sent_row(message), topic, raw_row(outcome, request.sender), hints)


class Read:
    """chat.read {thread, seq} -> {thread, seq}; answered after commit."""

    def read(self, user: Any, payload: Row) -> Mark:
        seq = payload.get("seq")
        if type(seq) is not int or not 0 <= seq < 2**63:
            raise CommandRefused("seq", _("That is no message."))
        try:
            return Mark(UUID(str(payload.get("thread", ""))), seq, user)
        except ValueError as error:
            raise _not_found() from error

    def topic(self, request: Mark) -> str:
        return f"thread:{request.thread_id}"

    def run(
        self, requests: Sequence[Mark], clinic_id: UUID, readers: Mapping[str, Collection[UUID]]
    ) -> list[Done | CommandRefused]:
        kept = in_force(requests, [request.reader for request in requests])
        outcomes = iter(mark(kept, clinic_id) if kept else ())
        known = {id(one) for one in kept}
        return [self._done(one, next(outcomes)) if id(one) in known else _not_found() for one in requests]

    def _done(self, request: Mark, outcome: Marked | MessageRefused) -> Done | CommandRefused:
        if isinstance(outcome, MessageRefused):
            return CommandRefused(outcome.code, outcome.message)
        topic, answer = self.topic(request), {"thread": str(request.thread_id), "seq": outcome.seq}
        if not outcome.moved:
            return Done(answer)
        raw = raw_mark(request, outcome) if outcome.furthest else None
        told: Row = {"head": outcome.head, "state": True, "version": outcome.version}
        return Done(answer, topic, raw, [(topic, told), ("threads", {"id": str(request.thread_id)})])


def _not_found() -> CommandRefused:
    return CommandRefused("not-found", _("There is no such conversation."))


def in_force(requests: Sequence[Any], people: Sequence[User]) -> list[Any]:
    """Those whose person's membership still stands as it was read."""
    members = members_in_force(person.membership for person in people if person.membership)
    return [
        one
        for one, person in zip(requests, people, strict=True)
        if person.membership and person.membership.pk in members
    ]


OFFER = Offer(
    logs={"thread": ThreadLog()},
    states={"thread": ThreadState(), "threads": Threads()},
    relays={"thread": Typing()},
    together={"chat.send": Send(), "chat.read": Read()},
)
