"""A conversation for the record: the same facts as a page to print, as PDF and as JSON."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.pdf import paper_of, pdf_of
from apps.core.topics import Row
from apps.messaging.models import Message, Thread
from apps.messaging.rows import message_row, with_senders

MOST = 5_000  # messages of one record, the newest; beyond it the record says so
MOST_LETTERS = 1_500_000  # of a PDF, which has to be set; some 500 pages


@dataclass(frozen=True)
class ThreadRecord:
    """rows: `message_row` with `at`, oldest first; cut: older ones are not in it; title, note and footer in words."""

    thread: Thread
    rows: list[Row]
    cut: bool
    title: str
    note: str
    footer: str
    zone: ZoneInfo


def thread_record(thread: Thread, user: User, *, form: str) -> ThreadRecord:
    """What the person may see of it, written down as exported. form: page, pdf or json."""
    found = list(with_senders(Message.every.visible_to(user).filter(thread=thread)).reverse()[: MOST + 1])
    kept = _that_fit(found[:MOST]) if form == "pdf" else found[:MOST]
    rows = [message_row(message, user) | {"at": message.sent_at} for message in reversed(kept)]
    audit.record(action=Action.EXPORT, actor_id=user.pk, obj=thread, detail=f"{form} {len(rows)}")
    staff = user.membership is not None and user.membership.is_staff_role
    zone = clock.zone_of(thread.clinic.time_zone if staff else user.time_zone)
    names = {"patient": thread.patient, "number": thread.patient.number, "clinic": thread.clinic.name}
    title = _("Conversation with %(patient)s") if not thread.staff_only else _("The team about %(patient)s")
    return ThreadRecord(
        thread=thread,
        rows=rows,
        cut=len(found) > len(kept),
        title=title % names,
        note=_note(thread) % names,
        footer=_("%(clinic)s, made by %(name)s, %(at)s")
        % {"clinic": thread.clinic.name, "name": user.name, "at": words_of(clock.now(), zone)},
        zone=zone,
    )


def _that_fit(newest: list[Any]) -> list[Any]:
    """As many of the newest as a PDF holds: nobody's long conversation keeps the server busy for minutes."""
    left = MOST_LETTERS
    for number, message in enumerate(newest):
        left -= len(message.body)
        if left < 0:
            return newest[:number]
    return newest


def _note(thread: Thread) -> str:
    if thread.staff_only:
        return _("%(clinic)s, no. %(number)s. Among the team only: not part of what the patient sees.")
    return _("%(clinic)s, no. %(number)s. Messages between patient and care team.")


def words_of(at: Any, zone: ZoneInfo) -> str:
    """A moment with its zone, in the language in force."""
    return f"{date_format(timezone.localtime(at, zone), 'j M Y H:i')} {timezone.localtime(at, zone).tzname()}"


def as_pdf(record: ThreadRecord) -> bytes:
    """On the clinic's paper."""
    rows = [
        {
            "number": row["seq"],
            "at": words_of(row["at"], record.zone),
            "who": f"{row['sender']}{', ' + row['role'] if row['role'] else ''}",
            "lines": row["body"].split("\n"),
            "file": _file_words(row),
        }
        for row in record.rows
    ]
    data = {
        "title": record.title,
        "note": record.note + (" " + cut_words(len(record.rows)) if record.cut else ""),
        "footer": record.footer,
        "paper": paper_of(record.thread.clinic.country),
        "language": (translation.get_language() or "en")[:2],
        "rows": rows,
    }
    return pdf_of("messaging/thread.typ", data)


def cut_words(shown: int) -> str:
    """That older messages are missing."""
    return _("Only the newest %(n)d messages.") % {"n": shown}


def _file_words(row: Row) -> str:
    return _("[File, kept in Telek: %(name)s]") % {"name": row["file"]["name"]} if row["file"] else ""


def as_json(record: ThreadRecord) -> Row:
    """Plain values; times are ISO 8601 with their zone."""
    thread = record.thread
    kept = ("seq", "id", "sender", "role", "from_patient", "sent_at", "body", "file")
    return {
        "thread": str(thread.pk),
        "patient": str(thread.patient_id),
        "patient_number": thread.patient.number,
        "clinic": thread.clinic.name,
        "staff_only": thread.staff_only,
        "made_at": clock.now().isoformat(),
        "cut": record.cut,
        "messages": [{name: row[name] for name in kept} for row in record.rows],
    }
