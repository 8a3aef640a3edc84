"""Finding messages by their words, in what the person may see: page by page, with the words marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchHeadline
from django.db import connection
from django.db.models import F, Func, Value
from django.db.models.functions import Replace
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from apps.accounts.models import User
from apps.audit import actions as audit
from apps.core.topics import Row
from apps.messaging.models import Message, Thread
from apps.messaging.rows import is_patient, message_row, with_senders

PAGE = 20
MOST_WORDS = 200  # characters
BEGIN, END = "\ue000", "\ue001"  # around a word that was asked for, until everything else is escaped
LESS, MORE = "\ue002", "\ue003"  # for < and >, because PostgreSQL takes what is between them for a tag and drops it


@dataclass(frozen=True)
class Page:
    """rows: `message_row` with `at`, `thread`, `around` (a page of its thread that shows it) and `marked` (HTML).

    further: where the next page begins, or "".
    """

    rows: list[Row]
    further: str = ""


def find_messages(words: str, user: User, *, thread: Thread | None = None, after: str = "") -> Page:
    """The newest messages with those words: by the root of an English word or the very word, "in quotes" as they stand,
    -without, or. after: `further` of the page before; anything else begins anew. Each one shown is written down.
    """
    words = words.replace("\x00", " ").replace(BEGIN, "").replace(END, "").strip()[:MOST_WORDS]
    if not words:
        return Page([])
    ids = _ids(words, _threads(user, thread), after)
    found = list(_readable(ids[:PAGE], words, user))
    audit.record_seen(found, actor_id=user.pk, detail="search")
    further = f"{found[-1].sent_at.isoformat()} {found[-1].pk}" if found and len(ids) > PAGE else ""
    return Page([_row(message, user) for message in found], further)


def _threads(user: User, thread: Thread | None) -> list[str] | None:
    """None: every thread of the clinic, for staff alone."""
    if thread is not None:
        return [str(thread.pk)]
    if not is_patient(user):
        return None
    return [str(pk) for pk in Thread.objects.visible_to(user).values_list("pk", flat=True)]


def _ids(words: str, threads: list[str] | None, after: str) -> list[UUID]:
    before_at, before_id = _cursor(after)
    with connection.cursor() as cursor:
        asked = [words, threads, before_at, before_id, PAGE + 1]
        cursor.execute("select id from messaging_find(%s, %s::uuid[], %s, %s, %s)", asked)
        return [pk for (pk,) in cursor.fetchall()]


def _cursor(after: str) -> tuple[datetime | None, UUID | None]:
    at, _space, pk = after.partition(" ")
    try:
        found = datetime.fromisoformat(at), UUID(pk)
    except ValueError:
        return None, None
    return found if found[0].tzinfo else (None, None)


def _readable(ids: Sequence[UUID], words: str, user: User) -> Any:
    """What of it the person may read: the index only said where to look."""
    marked = SearchHeadline(
        Replace(Replace(F("body"), Value("<"), Value(LESS)), Value(">"), Value(MORE)),
        Func(Value(words), function="messaging_query"),
        config="english",
        start_sel=BEGIN,
        stop_sel=END,
        max_words=40,
        min_words=20,
    )
    messages = with_senders(Message.every.visible_to(user).filter(pk__in=ids)).annotate(marked=marked)
    return messages.select_related("sender", "thread__patient").order_by("-sent_at", "-pk")


def _row(message: Any, user: User) -> Row:
    return message_row(message, user) | {
        "at": message.sent_at,
        "thread": message.thread,
        "around": message.seq + 1,
        "marked": marked_html(message.marked),
    }


def marked_html(text: str) -> SafeString:
    """Escaped, with the words that were asked for in <mark>."""
    safe = escape(text.replace(LESS, "<").replace(MORE, ">"))
    return mark_safe(safe.replace(BEGIN, "<mark>").replace(END, "</mark>"))  # noqa: S308  (escaped above)
