"""One request, judged: who tries what, and what is wrong with the answer."""

from __future__ import annotations

import os
from http.cookies import SimpleCookie

from django.db import connection, transaction

from tests.access.oracle import Line, is_closed, is_let_in, is_listed, may_read, verdict
from tests.access.routes import Route
from tests.access.world import CLINICAL, NAME, RELATIONS, TEAM, Actor, World, everything, missing_ids

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
METHODS_OF_PAGES = (
    "GET",
    "HEAD",
    "POST",
    "DELETE",
    "OPTIONS",
)  # to a page PUT and PATCH are what DELETE is: not GET, not POST
FULL = os.environ.get("TELEK_ACCESS") == "full"
CANARIES = {*NAME.values(), *CLINICAL.values(), *TEAM.values()}
# What a refused request may still write: that it was refused, and that somebody was there.
TRACES = ("audit_auditevent", "django_session", "core_ratecount", "core_cache")


def faults(world: World, route: Route, line: Line) -> list[str]:
    """Everything that is wrong with the answers of one address."""
    rows = WrittenRows()
    return [
        fault
        for actor in actors(world, line)
        for relation, address in addresses(world, route, line, actor)
        for method in methods(world, line, actor, relation)
        if (fault := attempt(line, actor, relation, method, address, rows))
    ]


def actors(world: World, line: Line) -> list[Actor]:
    """Who is let in, and of each role that is not the first (at the many pages of the admin: three strangers). All in full."""
    if FULL or line.by_token:
        return world.actors
    if line.admin:
        strangers = ("anonymous", "patient", "foreign clinician", "coordinator")
        return [actor for actor in world.actors if is_let_in(line, actor) or actor.name in strangers]
    firsts = {actor.role: actor for actor in reversed(world.actors)}
    return [actor for actor in world.actors if is_let_in(line, actor) or actor is firsts[actor.role]]


def addresses(world: World, route: Route, line: Line, actor: Actor) -> list[tuple[str | None, str]]:
    """(relation, address): own, other, foreign, and what names nothing.

    Who is not let in tries one; who stands alike to both patients of Riverside tries one of them; of the two who are
    patients there one tries the other clinic's; what names nothing is tried by the first of those let in. All of it in full.
    """
    if not route.parameters:
        return [(None, route.path)]
    known = world.ids.get(line.kind, {})
    rest = ["x"] * (len(route.parameters) - 1)
    tried = [one for one in RELATIONS if one in known and (FULL or one not in spared(line, actor))]
    found: list[tuple[str | None, str]] = [(one, route.address(known[one], *rest)) for one in tried]
    if FULL or not found or actor is first_in(world, line):
        nothing = missing_ids()[: None if FULL else 2]
        found += [("missing", route.address(value, *rest)) for value in nothing]
    return found if FULL or is_let_in(line, actor) else found[:1]


def spared(line: Line, actor: Actor) -> set[str]:
    """The relations that would show what another attempt shows."""
    if line.by_token:
        return set()
    if actor.sees == ("other",):
        return {"foreign"}
    return {"other"} if ("own" in actor.sees) == ("other" in actor.sees) else set()


def first_in(world: World, line: Line) -> Actor | None:
    """The first of the cast whom the table lets in."""
    return next((actor for actor in world.actors if is_let_in(line, actor)), None)


def methods(world: World, line: Line, actor: Actor, relation: str | None) -> list[str]:
    """All of them for the first who is let in, at what is theirs; to a stranger what would change most; else the table's."""
    listed = sorted(line.methods)
    first = actor is first_in(world, line)
    if FULL or (first and not line.admin and relation in (None, "own")):
        return list(METHODS if FULL or line.api else METHODS_OF_PAGES)
    # One decorator guards all methods of a page: a stranger's POST is refused as the GET would be (each of the API has its
    # own). Behind it one look-up finds the row or none; the first who is let in tries it by each method.
    theirs = is_let_in(line, actor) and (first or relation is None or relation in actor.sees)
    return listed if line.api or theirs or line.by_token else listed[-1:]


def attempt(line: Line, actor: Actor, relation: str | None, method: str, address: str, rows: WrittenRows) -> str:
    """One request, rolled back; "" or what is wrong with its answer."""
    kept = actor.client.cookies.output(header="")
    with transaction.atomic():
        actor.client.raise_request_exception = False
        extra = {"content_type": "application/json", "data": line.body} if line.api and method != "GET" else {}
        answer = actor.client.generic(method, address, **extra)  # type: ignore[arg-type]
        written = rows.since()
        transaction.set_rollback(True)
    actor.client.cookies = SimpleCookie(kept)  # a request that signed out is undone as well
    status, to = answer.status_code, answer.headers.get("Location", "")
    fault = verdict(line, actor, relation, method, status, to)
    opened = not is_closed(status, to)
    leaked = {word for word in CANARIES if word in everything(answer)} - may_read(actor, line, relation, opened=opened)
    if leaked:
        fault += f" leaked {sorted(leaked)}"
    if written and not line.library and not (opened and is_listed(line, method)):
        fault += f" wrote {written} rows although it refused"
    return f"{actor.name} {method} {relation}: {status} {to}, expected {fault}" if fault else ""


class WrittenRows:
    """Rows written in the open transaction, traces apart; what was rolled back counts as well."""

    def __init__(self) -> None:
        self._last = self._so_far()

    def since(self) -> int:
        """Those since the last time."""
        before, self._last = self._last, self._so_far()
        return self._last - before

    @staticmethod
    def _so_far() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "select coalesce(sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)"
                " + pg_stat_get_xact_tuples_deleted(oid)), 0) from pg_class "
                "where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> all(%s)",
                [list(TRACES)],
            )
            return int(cursor.fetchone()[0])
