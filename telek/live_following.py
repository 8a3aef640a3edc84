"""One topic as one socket follows it: what was sent, what was confirmed, what must be read again. No database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.core.topics import Row
from telek.live_work import PAGE, Found, Want

Frame = dict[str, Any]


@dataclass
class Following:
    """sent and got: sequence numbers of a log; versions: what the client has of a state."""

    topic: str
    sent: int = 0
    got: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    dirty: bool = True
    all_rows: bool = True
    only: set[str] = field(default_factory=set)
    opened: bool = False  # the client has been given a state once, or brought what it had
    said_head: int = -1
    waiting_since: float | None = None  # loop seconds since which a full page waits for the client
    relays: list[Frame] = field(default_factory=list)
    ready: list[Row] = field(
        default_factory=list
    )  # committed rows of a log (seq None: of its state) that need no reading
    version: int = -1  # of the newest of those that were taken

    def touch(self, hint: Frame) -> None:
        """A hint: read again the row it names, or everything. A head or a version that is here already says nothing new."""
        here = max([raw["seq"] for raw in self.ready if raw["seq"] is not None], default=self.sent)
        newest = max([self.version, *(raw["version"] for raw in self.ready)])
        is_known = not hint.get("state") or hint.get("version", newest + 1) <= newest
        if isinstance(hint.get("head"), int) and hint["head"] <= here and is_known:
            return
        if "head" not in hint and self._has(hint.get("id"), hint.get("version")):
            return
        self.dirty = True
        if isinstance(hint.get("id"), str):
            self.only.add(hint["id"])
        elif "head" not in hint:
            self.all_rows = True

    def _has(self, row: object, version: object) -> bool:
        """The client was sent that row of the state in that version or a later one."""
        return isinstance(row, str) and isinstance(version, int) and self.versions.get(row, version - 1) >= version

    def touch_all(self) -> None:
        """A hint may have been lost: compare everything."""
        self.dirty = self.all_rows = True

    def want(self) -> Want:
        """What to read; from here on new hints count for the next reading."""
        only = None if self.all_rows else frozenset(self.only)
        self.dirty = self.all_rows = False
        self.only = set()
        return Want(self.topic, self.sent, only, dict(self.versions))

    def confirm(self, seq: int) -> None:
        """The client has rendered so far; never beyond what it was sent."""
        self.got = max(self.got, min(seq, self.sent))
        if self.sent - self.got < PAGE and self.waiting_since is not None:
            self.waiting_since = None
            self.dirty = True

    def take(self, shape: Callable[[Row], tuple[Row | None, Row | None]]) -> list[Frame]:
        """Frames for the ready rows that come next in order; anything else is read from the database.

        shape: the row as this person is sent it (None where the state alone changed), and the state's row if that changed.
        """
        ready, self.ready = [raw for raw in self.ready if raw["seq"] is None or raw["seq"] > self.sent], []
        rows: list[Row] = []
        states: list[Row] = []
        for raw in ready:
            if self.dirty or not self._is_next(raw["seq"]):
                self.dirty = True
                break
            row, state = shape(raw)
            states += [state] if state else []
            self.version = max(self.version, raw["version"])
            if row is not None:
                rows.append(row)
                self.sent = self.said_head = raw["seq"]
        frames: list[Frame] = []
        if rows:
            frames.append({"type": "rows", "topic": self.topic, "rows": rows, "head": self.sent})
        return frames + (self._state_frames(states[-1:], whole=False) if states else [])

    def _is_next(self, seq: int | None) -> bool:
        return seq is None or (seq == self.sent + 1 and self.sent - self.got < PAGE)

    def is_slow(self, at: float, limit_s: float) -> bool:
        """A full page has waited too long for the client."""
        return self.waiting_since is not None and at - self.waiting_since > limit_s

    def frames(self, found: Found, want: Want, at: float) -> list[Frame]:
        """What to send for what was found, at that moment of the loop's clock."""
        frames = [] if found.head is None else self._log_frames(found, at)
        if found.state is not None:
            frames += self._state_frames(found.state, whole=want.only is None)
        return frames

    def _log_frames(self, found: Found, at: float) -> list[Frame]:
        head = found.head or 0
        if found.reset:
            self.sent = self.got = 0
        room = PAGE - (self.sent - self.got)
        rows = found.rows[: max(0, room)]
        if rows:
            self.sent = rows[-1]["seq"]
        if self.sent < head:
            self._hold_back(room - len(rows), progress=bool(rows), at=at)
        if not rows and not found.reset and head == self.said_head:
            return []
        self.said_head = head
        frame: Frame = {"type": "rows", "topic": self.topic, "rows": rows, "head": head}
        return [frame | {"reset": True}] if found.reset else [frame]

    def _hold_back(self, room: int, *, progress: bool, at: float) -> None:
        """More to come: go on at once where there is room, else when the client has confirmed a page."""
        if room > 0:
            self.dirty = progress
        elif self.waiting_since is None:
            self.waiting_since = at

    def _state_frames(self, rows: list[Row], *, whole: bool) -> list[Frame]:
        known = self.versions
        changed = [_mark_gone(row) for row in rows if known.get(str(row["id"])) != row["version"]]
        changed = [row for row in changed if not row.get("gone") or str(row["id"]) in known]
        missing = set(known) - {str(row["id"]) for row in rows} if whole else set()
        changed += [{"id": name, "version": None, "gone": True} for name in sorted(missing)]
        for row in changed:
            self._remember(row)
        first, self.opened = not self.opened, True
        if not changed and not first:
            return []
        return [{"type": "state", "topic": self.topic, "rows": changed, "full": first}]

    def _remember(self, row: Row) -> None:
        if row.get("gone"):
            self.versions.pop(str(row["id"]), None)
        else:
            self.versions[str(row["id"])] = row["version"]


def _mark_gone(row: Row) -> Row:
    """A row that comes with its version only has left the set."""
    return {**row, "gone": True} if set(row) <= {"id", "version"} else row
