"""Live: "thread:<id>" (a log and, as a state, how far it was read), "threads" (the desk's list), and two commands."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.core.topics import CommandRefused, Offer, Row
from apps.messaging.actions import MessageRefused, mark_read, send_message
from apps.messaging.models import Message, Thread
from apps.messaging.rows import message_row, read_by, sent_row, thread_of, thread_row, with_senders, with_state


class ThreadLog:
    """The messages of one thread, in order; key: its id."""

    def may_follow(self, user: Any, key: str) -> bool:
        return thread_of(user, key) is not None

    def head(self, user: Any, key: str) -> int:
        thread = thread_of(user, key)
        return thread.last_seq if thread else 0

    def after(self, user: Any, key: str, seq: int, limit: int) -> list[Row]:
        messages = Message.objects.visible_to(user).filter(thread_id=key, seq__gt=seq)
        found = list(with_senders(messages)[:limit])
        audit.record_seen(found[:1], actor_id=user.pk, detail="thread")
        return [message_row(message, user) for message in found]


class ThreadState:
    """How far the other side has read: one row."""

    def may_follow(self, user: Any, key: str) -> bool:
        return thread_of(user, key) is not None

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        thread = thread_of(user, key)
        if thread is None:
            return []
        return [{"id": key, "version": thread.version, "read": read_by(thread, user)}]


class Threads:
    """Every thread of the clinic, as the desk lists them."""

    def may_follow(self, user: Any, key: str) -> bool:
        return bool(user.may(Permission.CHAT)) and not key

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        threads = Thread.objects.visible_to(user).filter(last_seq__gt=0)
        wanted = threads if only is None else threads.filter(pk__in=filter(_is_id, only))
        return [thread_row(thread) for thread in with_state(wanted, user)[:200]]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _named(user: Any, payload: Row) -> Thread:
    thread = thread_of(user, str(payload.get("thread", "")))
    if thread is None:
        raise CommandRefused("not-found", _("There is no such conversation."))
    return thread


def _client_id(payload: Row) -> UUID:
    try:
        return UUID(str(payload.get("client_id", "")))
    except ValueError as error:
        raise CommandRefused("client-id", _("The message has no key of its own.")) from error


def send(user: Any, payload: Row) -> Row:
    """chat.send {thread, client_id, body} -> {thread, client_id, seq, sent_at}; answered after commit.

    crisis: true where a patient's own words have a phrase of danger: the page shows ways to get help at once.
    """
    body = payload.get("body")
    if not isinstance(body, str):
        raise CommandRefused("blank", _("Please write something first."))
    try:
        message = send_message(thread=_named(user, payload), body=body, client_id=_client_id(payload), actor=user)
    except MessageRefused as refused:
        raise CommandRefused(refused.code, refused.message) from refused
    return sent_row(message)


def read(user: Any, payload: Row) -> Row:
    """chat.read {thread, seq} -> {thread, seq}."""
    seq = payload.get("seq")
    if type(seq) is not int or not 0 <= seq < 2**63:
        raise CommandRefused("seq", _("That is no message."))
    thread = _named(user, payload)
    return {"thread": str(thread.pk), "seq": mark_read(thread=thread, seq=seq, actor=user)}


OFFER = Offer(
    logs={"thread": ThreadLog()},
    states={"thread": ThreadState(), "threads": Threads()},
    commands={"chat.send": send, "chat.read": read},
)
