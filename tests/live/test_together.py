"""Desks that are woken by different rows at the same moment: one reading, and each has what any of them was told of."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.accounts.sockets import SocketIdentity, identify
from apps.core.db.scope import use_clinic
from telek.live_following import Following
from telek.live_shared import read_together
from telek.live_work import Found, NotYours, Want
from tests.cast import Cast
from tests.treatment.scene import ready


def identity(cast: Cast, user: User) -> SocketIdentity:
    return identify(cast.client(user).cookies[settings.SESSION_COOKIE_NAME].value)


def read(readers: list[tuple[SocketIdentity, Want]]) -> list[Found | NotYours]:
    one = readers[0][0]
    key = ("sessions", one.membership.clinic_id, one.membership.role, one.user.language, readers[0][1].only is None)
    return read_together(key, readers)


@pytest.mark.django_db
def test_each_desk_has_the_chairs_that_any_of_them_was_told_of(cast: Cast) -> None:
    session = ready(cast)
    nurse, patient = identity(cast, cast.nurse), identity(cast, cast.patient.user)
    name, other = str(session.pk), "01a21036-bbb5-7e91-a56b-f30937064cc1"
    with use_clinic(session.clinic_id):
        session.refresh_from_db()
    told = Want("sessions", only=frozenset({name}))
    elsewhere = Want("sessions", only=frozenset({other}))
    there = Want("sessions", only=frozenset({name}), have={name: session.version})
    with CaptureQueriesContext(connection) as queries:
        found: list[Any] = read([(nurse, told), (nurse, elsewhere), (patient, told), (nurse, there)])
    rows = [one.state for one in (found[0], found[1], found[3])]
    assert [[(row["id"], row["version"]) for row in one] for one in rows] == [[(name, session.version)]] * 3
    assert [["html" in row for row in one] for one in rows] == [[True], [True], [False]]
    assert isinstance(found[2], NotYours)
    assert sum("care_sessions_dosingsession" in one["sql"] for one in queries.captured_queries) == 1


@pytest.mark.parametrize(
    ("hint", "again"),
    [
        ({"id": "a", "version": 3}, False),
        ({"id": "a", "version": 2}, False),
        ({"id": "a", "version": 4}, True),
        ({"id": "b", "version": 1}, True),
        ({"id": "a"}, True),
        ({}, True),
    ],
)
def test_a_row_that_was_sent_in_that_version_is_not_read_again(hint: dict[str, Any], again: bool) -> None:
    following = Following("sessions", versions={"a": 3}, dirty=False, all_rows=False)
    following.touch(hint)
    assert following.dirty is again
