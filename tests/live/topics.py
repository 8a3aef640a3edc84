"""A small log, state, relay and command over a table that is there anyway: for the protocol's own tests."""

from typing import Any

from django.db import connection

from apps.accounts.models import ClinicSetting
from apps.accounts.permissions import Permission
from apps.core import live
from apps.core.topics import CommandRefused, Offer, Row


class Notes:
    """A log: the clinic's settings named "note.<seq>". Followed by whoever may see the desk."""

    def may_follow(self, user: Any, key: str) -> bool:
        return bool(user.may(Permission.SEE_DESK))

    def head(self, user: Any, key: str) -> int:
        return ClinicSetting.objects.filter(name__startswith="note.").count()

    def after(self, user: Any, key: str, seq: int, limit: int) -> list[Row]:
        rows = ClinicSetting.objects.filter(name__startswith="note.").order_by("name")[seq : seq + limit]
        return [{"seq": int(row.name[5:]), "text": row.value} for row in rows]


class Board:
    """A state: the newest value of each setting named "board.<id>"; an empty value means that the row is gone."""

    def may_follow(self, user: Any, key: str) -> bool:
        return bool(user.may(Permission.SEE_DESK))

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        rows = ClinicSetting.objects.filter(name__startswith="board.").order_by("created_at", "id")
        newest = {row.name[6:]: row.value for row in rows}
        shown = [self._row(name, value) for name, value in newest.items() if only is None or name in only]
        return shown if only is not None else [row for row in shown if "html" in row]

    def _row(self, name: str, value: Any) -> Row:
        row = {"id": name, "version": value["version"]}
        return row | {"html": value["html"]} if value["html"] else row


class Signals:
    """A relay without a table."""

    def may_follow(self, user: Any, key: str) -> bool:
        return bool(user.may(Permission.SEE_DESK))

    def accept(self, user: Any, key: str, frame: Row) -> Row | None:
        return {"kind": frame["kind"]} if isinstance(frame.get("kind"), str) else None


def write(user: Any, frame: Row) -> Row:
    """The command "notes.write": one more note."""
    if not isinstance(frame.get("text"), str):
        raise CommandRefused("invalid", "A note is a text.")
    seq = ClinicSetting.objects.filter(name__startswith="note.").count() + 1
    add(user.membership.clinic_id, f"note.{seq:06}", frame["text"])
    live.publish("notes", head=seq)
    return {"seq": seq}


def fail(user: Any, frame: Row) -> Row:
    """The command "notes.fail": the database refuses it."""
    with connection.cursor() as cursor:
        cursor.execute("select 1 / 0")
    return {}


def add(clinic_id: Any, name: str, value: Any) -> None:
    """A row, silently: no hint."""
    ClinicSetting.objects.create(clinic_id=clinic_id, name=name, value=value)


OFFER = Offer(
    logs={"notes": Notes()},
    states={"board": Board()},
    relays={"signals": Signals()},
    commands={"notes.write": write, "notes.fail": fail},
)
