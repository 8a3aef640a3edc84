"""What should happen, read from the hand-written table; knows nothing of the application's own rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.access.world import CLINICAL, NAME, RELATIONS, TEAM, Actor

TABLE = Path(__file__).with_name("expectations.yaml")
STAFF = {"prescriber", "nurse", "therapist", "coordinator", "clinic-admin", "emergency"}
KEYS = {"in", "object", "methods", "public", "narrower", "hidden", "library", "token", "absent", "everywhere", "body"}
SUMMARIES = {"letter-token"}  # a link that was made to show the person's summary, with their consent
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CLINICAL_STAFF = STAFF - {"clinic-admin"}


@dataclass(frozen=True)
class Line:
    """One line of the table.

    lets_in: roles by method; kind: what the address names ("" = nothing); methods: what it answers to; public: why everybody
    may; narrower: of those let in, it may still refuse some (with 403 or 404); hidden: 404 to everybody here; absent:
    404 to staff who are not let in as well; everywhere: platform admins see those rows of every clinic.
    """

    path: str
    lets_in: Mapping[str, frozenset[str]]
    kind: str
    public: bool
    narrower: bool
    hidden: bool
    library: bool
    by_token: bool
    absent: bool
    everywhere: bool
    body: str = "{}"

    @property
    def methods(self) -> frozenset[str]:
        return frozenset(self.lets_in)

    @property
    def api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def admin(self) -> bool:
        return self.path.startswith("/admin/")


@cache
def table() -> dict[str, Line]:
    """path (or the beginning of paths, ending in *) to its line."""
    return _lines("routes")


@cache
def topics() -> dict[str, Line]:
    """Name of a live topic to its line."""
    return _lines("topics")


@cache
def command_names() -> list[str]:
    """The socket's commands; each asks in its own tests whose row it is."""
    return list(yaml.safe_load(TABLE.read_text())["commands"])


def _lines(part: str) -> dict[str, Line]:
    written = yaml.safe_load(TABLE.read_text())
    groups = {name: frozenset(roles) for name, roles in written["groups"].items()}
    return {path: _line(path, cells or {}, groups) for path, cells in written[part].items()}


def _line(path: str, cells: dict[str, Any], groups: dict[str, frozenset[str]]) -> Line:
    unknown = set(cells) - KEYS - set(VERBS)
    assert not unknown, f"{path}: {unknown}"
    lets_in = {verb: _roles(cells.get("in", []), groups) for verb in cells.get("methods", ["GET"])}
    own = {verb: _roles(cells[verb], groups) for verb in VERBS if verb in cells}
    return Line(
        path=path,
        lets_in=own or lets_in,
        kind=cells.get("object", cells.get("token", "")),
        public=bool(cells.get("public")),
        narrower=bool(cells.get("narrower")),
        hidden=bool(cells.get("hidden")),
        library=bool(cells.get("library")),
        by_token="token" in cells,
        absent=bool(cells.get("absent")),
        everywhere=bool(cells.get("everywhere")),
        body=json.dumps(cells.get("body", {})),
    )


def _roles(named: str | list[str], groups: dict[str, frozenset[str]]) -> frozenset[str]:
    names = [named] if isinstance(named, str) else named
    return frozenset().union(*(groups.get(name, frozenset({name})) for name in names))


def line_of(path: str) -> Line | None:
    """The line of a route: its own, else the longest beginning."""
    lines = table()
    if path in lines:
        return lines[path]
    stars = [key for key in lines if key.endswith("*") and path.startswith(key[:-1])]
    return lines[max(stars, key=len)] if stars else None


def may_read(actor: Actor, line: Line, relation: str | None, *, opened: bool) -> set[str]:
    """The canary words that an answer to this actor may hold."""
    if line.by_token and relation in RELATIONS:
        return {NAME[relation], *({CLINICAL[relation]} if line.kind in SUMMARIES else ())}
    if not opened:
        return set()
    words = {NAME[one] for one in actor.sees}
    if actor.role == "patient" or actor.role in CLINICAL_STAFF:
        words |= {CLINICAL[one] for one in actor.sees}
    if actor.role in CLINICAL_STAFF:
        words |= {TEAM[one] for one in actor.sees}
    if actor.role == "platform" or line.everywhere:
        words |= {NAME[one] for one in RELATIONS}  # accounts have names, whatever their clinic
    return words


def verdict(line: Line, actor: Actor, relation: str | None, method: str, status: int, to: str) -> str:
    """ "" when the answer is as it should be, else what was expected."""
    if status >= 500 and not (status == 503 and line.path.startswith("/health/")):
        return "never an error of ours"
    if line.library or (method == "HEAD" and status == 405):
        return ""
    if line.hidden:
        return "" if status == 404 else "404: it does not exist here"
    if not is_listed(line, method):
        # The admin answers to odd methods with its page; that nothing is written is checked apart.
        harmless = line.admin or not 200 <= status < 300 or method == "OPTIONS"
        return "" if harmless else "nothing: it does not answer to that method"
    return _expected(line, actor, relation, method, status, to)


def is_let_in(line: Line, actor: Actor, method: str | None = None) -> bool:
    """Does the table open the address to this actor, by that method (by any)?"""
    asked = [("GET" if method == "HEAD" else method)] if method else list(line.lets_in)
    roles = frozenset().union(*(line.lets_in.get(verb, frozenset()) for verb in asked))
    return line.public or (actor.role != "anonymous" and "signed-in" in roles) or actor.role in roles


def is_listed(line: Line, method: str) -> bool:
    """Does the table say that the address answers to that method?"""
    return (method if method != "HEAD" else "GET") in line.methods


def is_closed(status: int, to: str) -> bool:
    """Refused, or sent to the sign-in or to the admin's first page."""
    return status in (401, 403, 404) or to.startswith(("/accounts/login/?", "/admin/login/?")) or to == "/admin/"


def _expected(line: Line, actor: Actor, relation: str | None, method: str, status: int, to: str) -> str:
    closed = is_closed(status, to)
    platform = line.everywhere and actor.role in ("platform", "emergency") and relation in RELATIONS
    mine = relation is None or relation in actor.sees or line.by_token or platform
    if line.public:
        return "" if (not closed and relation in (None, *RELATIONS)) or (relation not in (None, *RELATIONS)) else "open"
    if actor.role == "anonymous":
        return "" if closed else "the way to the sign-in"
    if not is_let_in(line, actor, method):
        return _refusal(line, actor, status)
    if not mine:
        elsewhere = line.admin and (status == 403 or to == "/admin/" or to.endswith("/change/"))
        return "" if status == 404 or elsewhere else "404: it is not theirs"
    if closed and not (line.narrower and (status in (403, 404) or to == "/admin/")):
        return "open"
    return ""


def _refusal(line: Line, actor: Actor, status: int) -> str:
    wanted = {403} if actor.role in STAFF and not line.absent else {404}
    if line.api or line.admin:
        wanted = {302, 403, 404}
    return "" if status in wanted or (line.kind and status == 404) else f"a refusal, {sorted(wanted)}"
