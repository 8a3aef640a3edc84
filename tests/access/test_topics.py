"""The live socket's topics, as everybody: who may follow what, and what the rows hold."""

import json
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from apps.accounts.middleware import CLINIC_KEY, resolve_membership
from apps.core.db.scope import use_clinic, use_user
from telek.live_topics import OFFERS, commands, together, topic_named
from tests.access.oracle import Line, command_names, is_let_in, may_read, topics
from tests.access.trial import CANARIES
from tests.access.world import RELATIONS, Actor, World, missing_ids

pytestmark = pytest.mark.xdist_group("walls")  # in one process, which makes the world once


def offered() -> set[str]:
    kinds = [kind for offer in OFFERS for kind in (offer.logs, offer.states, offer.relays)]
    return {name for kind in kinds for name in kind or {}}


def test_every_topic_and_command_has_a_line() -> None:
    assert offered() == set(topics())
    assert {*commands(), *together()} == set(command_names())


@pytest.mark.parametrize("name", sorted(offered()))
def test_a_topic_is_followed_by_whom_the_table_says(world: World, name: str) -> None:
    line = topics()[name]
    wrong = [
        f"{actor.name} {relation}: {fault}"
        for actor in world.actors
        if actor.user is not None
        for relation, key in keys(world, line)
        if (fault := follow(name, line, actor, relation, key))
    ]
    assert wrong == []


def keys(world: World, line: Line) -> list[tuple[str | None, str]]:
    if not line.kind:
        return [(None, ""), ("missing", "x")]
    known = world.ids[line.kind]
    return [*((one, known[one]) for one in RELATIONS), *(("missing", one) for one in [*missing_ids(), ""])]


def follow(name: str, line: Line, actor: Actor, relation: str | None, key: str) -> str:
    """What is wrong with what this actor is let see of the topic; "" when nothing."""
    user: Any = actor.user
    with transaction.atomic(), use_user(user.pk):
        user.membership = resolve_membership(user, actor.client.session.get(CLINIC_KEY))
        if user.membership is None:
            return ""  # the socket is refused before any topic: tests/live
        with use_clinic(user.membership.clinic_id):
            allowed = topic_named(name).may_follow(user, key)
            rows = read(name, user, key) if allowed else ""
        transaction.set_rollback(True)
    mine = relation is None or relation in actor.sees
    wanted = is_let_in(line, actor) and mine
    if allowed != wanted and not (line.narrower and not allowed):
        return f"may_follow is {allowed}"
    leaked = {word for word in CANARIES if word in rows} - may_read(actor, line, relation, opened=allowed)
    return f"leaked {sorted(leaked)}" if leaked else ""


def read(name: str, user: Any, key: str) -> str:
    """Everything that the topic would send."""
    topic = topic_named(name)
    rows = topic.state.rows(user, key, None) if topic.state else []
    rows = rows + (topic.log.after(user, key, 0, 100) if topic.log else [])
    return json.dumps(rows, cls=DjangoJSONEncoder)
