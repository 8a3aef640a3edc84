"""What an app offers on the live socket (apps/<app>/topics.py); the consumer in telek/ serves them all.

A topic is "<name>" or "<name>:<key>", e.g. "alerts", "thread:<uuid>", "visit:<uuid>". Everything here is called
in a worker thread, inside a transaction under the person's clinic; `user.membership` is set and fresh.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

Row = dict[str, Any]


class LogTopic(Protocol):
    """An ordered log with a sequence of its own (chat): live, reconnect and first load are the same query."""

    def may_follow(self, user: Any, key: str) -> bool:
        """May this person read it, now?"""

    def head(self, user: Any, key: str) -> int:
        """The last sequence number."""

    def after(self, user: Any, key: str, seq: int, limit: int) -> list[Row]:
        """Rows with a greater sequence number, in order; each carries "seq"."""


class StateTopic(Protocol):
    """A set of rows with versions (alerts, the waiting room): a follower always ends with the newest of each.

    One that many desks follow may have `for_all(viewers, key, only)` (telek/live_alerts.py): the rows of each of
    several viewers of one clinic, role and language, read together.
    """

    def may_follow(self, user: Any, key: str) -> bool:
        """May this person read it, now?"""

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        """All rows, or those with these ids; each carries "id", "version" and may carry "html". Gone: version only."""


class RelayTopic(Protocol):
    """Frames passed between its members and never stored (call signalling, typing).

    With `from_followers = True` a socket that follows the topic already is not asked again, and `accept` must need no
    database: for what is said often and matters little.
    """

    def may_follow(self, user: Any, key: str) -> bool:
        """May this person take part, now?"""

    def accept(self, user: Any, key: str, frame: Row) -> Row | None:
        """The cleaned frame to relay, or None to refuse it."""


class CommandRefused(Exception):
    """What was asked over the socket is not possible; code is a short word, message is for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Done:
    """What became of one request of a batch: what its sender is told, and what others may be shown of it.

    raw: for those who follow the log `topic` in this process, as that log's `shape` takes it; None: nothing is new.
    hints: (topic, hint) for everybody else.
    """

    answer: Row
    topic: str = ""
    raw: Row | None = None
    hints: Sequence[tuple[str, Row]] = ()


class Together(Protocol):
    """A command that is done for many senders in one transaction (group commit)."""

    def read(self, user: Any, payload: Row) -> Any:
        """The request out of a frame, without the database. Raises CommandRefused."""

    def topic(self, request: Any) -> str:
        """The log whose followers are shown the outcome."""

    def run(
        self, requests: Sequence[Any], clinic_id: UUID, readers: Mapping[str, Collection[UUID]]
    ) -> list[Done | CommandRefused]:
        """Do them all, in the caller's transaction under the clinic; one outcome for each, in order.

        readers: by topic, the people whose screens will be given it: to be written down with it.
        """


class ShapedLog(Protocol):
    """A log that turns the `raw` of a Done into what one person is sent."""

    def shape(self, user: Any, key: str, raw: Row) -> tuple[Row | None, Row | None]:
        """The row as `after` would give it (None where raw["seq"] is None: the state alone changed), and the row of the
        state behind the same topic if that changed. raw carries "seq" and "version".
        """


@dataclass(frozen=True)
class Offer:
    """An app's topics by name, and its commands by frame type ("chat.send")."""

    logs: Mapping[str, LogTopic] | None = None
    states: Mapping[str, StateTopic] | None = None
    relays: Mapping[str, RelayTopic] | None = None
    commands: Mapping[str, Callable[[Any, Row], Row]] | None = None
    together: Mapping[str, Together] | None = None
