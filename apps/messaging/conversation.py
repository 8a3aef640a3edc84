"""A thread as a page shows it: rows with their days and states, lists by owner, what a search finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import actions as audit
from apps.core.topics import Row
from apps.messaging.models import Message, ReadMark, Thread
from apps.messaging.rows import hits, is_patient, message_row, read_by, with_senders

SHOWN = 200  # messages of one page


@dataclass(frozen=True)
class Conversation:
    """rows: `message_row` with `at`, `day` (where one begins), `fresh` (first unread) and `state` (own messages).

    after: the live log goes on after this number; older: the number before which there is more, or None.
    """

    thread: Thread
    rows: list[Row]
    read: Row
    older: int | None
    is_newest: bool
    after: int
    needs_help: bool

    @property
    def has_fresh(self) -> bool:
        """Something here was not read yet."""
        return any(row.get("fresh") for row in self.rows)


def conversation(thread: Thread, user: User, zone: ZoneInfo, before: int | None = None) -> Conversation:
    """The last messages of a thread (or those before a number), written down as seen."""
    messages = Message.every.visible_to(user).filter(thread=thread)
    shown = messages if before is None else messages.filter(seq__lt=before)
    found = list(with_senders(shown).reverse()[:SHOWN])[::-1]
    audit.record_seen(found[-1:], actor_id=user.pk, detail="thread")
    rows = [message_row(message, user) | {"at": message.sent_at} for message in found]
    read = read_by(thread, user)
    _name_days(rows, zone)
    _name_states(rows, read, zone)
    if before is None:
        _mark_fresh(rows, thread, user)
    first = rows[0]["seq"] if rows else 1
    return Conversation(
        thread=thread,
        rows=rows,
        read=read,
        older=first if first > 1 else None,
        is_newest=before is None,
        after=rows[-1]["seq"] if rows else 0,
        needs_help=is_patient(user) and _unanswered_danger(found),
    )


def _name_days(rows: list[Row], zone: ZoneInfo) -> None:
    last = None
    for row in rows:
        day = row["at"].astimezone(zone).date()
        row["day"] = day if day != last else None
        last = day


def _name_states(rows: list[Row], read: Row, zone: ZoneInfo) -> None:
    """Own messages: "sent", "seen", and "seen-by" for the last one that was seen (the mark's time is its own)."""
    own = [row for row in rows if row["own"]]
    seen = [row for row in own if row["seq"] <= read["seq"]]
    for row in own:
        row["state"] = "seen" if row["seq"] <= read["seq"] else "sent"
    if seen:
        at = datetime.fromisoformat(read["at"])
        later = at.astimezone(zone).date() != seen[-1]["at"].astimezone(zone).date()
        seen[-1] |= {"state": "seen-by", "seen_by": read["name"], "seen_at": at, "seen_later": later}


def _mark_fresh(rows: list[Row], thread: Thread, user: User) -> None:
    mark = ReadMark.objects.filter(thread=thread, user=user).values_list("seq", flat=True).first() or 0
    fresh = next((row for row in rows if row["seq"] > mark and not row["mine"]), None)
    if fresh is not None:
        fresh["fresh"] = True


def _unanswered_danger(messages: Iterable[Message]) -> bool:
    """The patient wrote a phrase of danger, and nobody has answered since: the page goes on showing help."""
    danger = False
    for message in messages:
        danger = (danger or bool(hits(message))) if message.from_patient else False
    return danger


@dataclass(frozen=True)
class Group:
    """Threads of the desk's list under one heading: free, mine, others or team."""

    name: str
    threads: list[Any]


def by_owner(threads: Iterable[Any], user: User, at: datetime) -> list[Group]:
    """Whose they are; within a group flagged ones first, then who waits longest (the order of `with_state`).

    Each thread gets `waits`: for how long its patient has waited at that moment, in words, or "".
    """
    groups: dict[str, list[Any]] = {"free": [], "mine": [], "others": [], "team": []}
    me = user.membership.pk if user.membership else None
    for thread in threads:
        thread.waits = waiting_words(at - thread.waiting_since) if thread.waiting_since else ""
        name = "free" if thread.owner_id is None else "mine" if thread.owner_id == me else "others"
        name = "team" if thread.staff_only else name
        groups[name].append(thread)
    return [Group(name, found) for name, found in groups.items() if found]


def waiting_words(wait: timedelta) -> str:
    """22 min, 1 h 52, 3 d 4 h (static/js/chat/threads.js says the same)."""
    minutes = max(0, int(wait.total_seconds() // 60))
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return _("%(days)d d %(hours)d h") % {"days": hours // 24, "hours": hours % 24}
    if hours:
        return _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d min") % {"minutes": minutes}
