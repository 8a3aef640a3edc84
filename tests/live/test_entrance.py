"""Who may open the live socket, and when it is taken away again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.sessions.models import Session
from django.db import transaction

from apps.accounts.models import Clinic, Membership, User
from apps.core import clock, live
from apps.core.db.scope import use_clinic
from apps.core.topics import Offer
from telek.consumers import LiveConsumer
from tests.cast import Cast
from tests.live.conftest import Socket, communicator_for
from tests.live.topics import OFFER, add
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
work = database_sync_to_async


@pytest.fixture(autouse=True)
def _topics(offer: Callable[[Offer], None]) -> None:
    offer(OFFER)


async def accepted(cast: Cast, user: User | None, origin: str | None = "ours") -> bool:
    communicator = await work(communicator_for)(cast, user, origin)
    welcome, _code = await communicator.connect(timeout=PATIENCE_SECONDS)
    await communicator.disconnect()
    return bool(welcome)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://localhost",
        "http://localhost:8001",
        "https://localhost:8000",
        "HTTP://LOCALHOST:8000",
        "http://localhost:8000.evil.example",
        "http://localhost:8000@evil.example",
        "http://evil-localhost:8000",
        "http://localhost:8000/",
        "http://localhost:8000 http://evil.example",
        "*",
        "file://",
    ],
)
async def test_any_origin_but_ours_is_refused_before_the_socket_is_accepted(cast: Cast, origin: str | None) -> None:
    assert not await accepted(cast, cast.nurse, origin)


async def test_two_origins_are_refused(cast: Cast) -> None:
    communicator = await work(communicator_for)(cast, cast.nurse)
    communicator.scope["headers"].append((b"origin", b"http://localhost:8000"))
    welcome, _code = await communicator.connect(timeout=PATIENCE_SECONDS)
    assert not welcome


@pytest.mark.parametrize("who", ["nurse", "prescriber", "coordinator", "clinic_admin", "patient_user"])
async def test_whoever_has_a_membership_gets_in(cast: Cast, who: str) -> None:
    assert await accepted(cast, getattr(cast, who))


@pytest.mark.parametrize("who", [None, "nobody", "platform_admin"])
async def test_without_a_session_or_a_membership_nobody_gets_in(cast: Cast, who: str | None) -> None:
    assert not await accepted(cast, getattr(cast, who) if who else None)


async def test_a_made_up_session_is_refused(cast: Cast) -> None:
    communicator = await work(communicator_for)(cast, None)
    communicator.scope["headers"].append((b"cookie", b"sessionid=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
    welcome, _code = await communicator.connect(timeout=PATIENCE_SECONDS)
    assert not welcome


def _nurse(cast: Cast) -> Any:
    return Membership.objects.filter(user=cast.nurse)


def _user(cast: Cast, **values: Any) -> None:
    User.objects.filter(pk=cast.nurse.pk).update(**values)


TAKEN_AWAY: dict[str, Callable[[Cast], object]] = {
    "signed out": lambda cast: Session.objects.all().delete(),
    "signed out everywhere": lambda cast: _user(cast, session_epoch=1),
    "password changed": lambda cast: _user(cast, password="another hash"),
    "disabled": lambda cast: _user(cast, is_active=False),
    "role changed": lambda cast: _nurse(cast).update(role="therapist", revision=1),
    "membership ended": lambda cast: _nurse(cast).update(ended_at=clock.now() - timedelta(seconds=1), revision=1),
    "clinic closed": lambda cast: Clinic.objects.filter(pk=cast.clinic.pk).update(is_active=False),
}


@work
def change(cast: Cast, how: str, *, hint: bool) -> None:
    """Take something away from the nurse, as another process would."""
    with use_clinic(cast.clinic.pk), transaction.atomic():
        TAKEN_AWAY[how](cast)
        if hint:
            live.publish(f"user:{cast.nurse.pk}", changed=True)


CHANGES = [
    ("signed out", 4401),
    ("signed out everywhere", 4401),
    ("password changed", 4401),
    ("disabled", 4401),
    ("role changed", 4403),
    ("membership ended", 4403),
    ("clinic closed", 4403),
]


@pytest.mark.parametrize(("how", "code"), CHANGES)
async def test_what_is_taken_away_closes_the_socket_at_once_by_a_hint(
    cast: Cast, open_socket: Any, monkeypatch: pytest.MonkeyPatch, how: str, code: int
) -> None:
    monkeypatch.setattr(LiveConsumer, "limits", replace(LiveConsumer.limits, identify_s=3600))
    socket = await open_socket(cast.nurse)
    await change(cast, how, hint=True)
    assert await socket.closed() == code


@pytest.mark.parametrize(("how", "code"), CHANGES)
async def test_without_the_hint_the_next_reading_of_the_session_closes_it(
    cast: Cast, open_socket: Any, monkeypatch: pytest.MonkeyPatch, how: str, code: int
) -> None:
    monkeypatch.setattr(LiveConsumer, "limits", replace(LiveConsumer.limits, identify_s=0.3, tick_s=0.1))
    socket = await open_socket(cast.nurse)
    await change(cast, how, hint=False)
    assert await socket.closed() == code


@pytest.mark.parametrize(("how", "code"), CHANGES[:1] + CHANGES[4:6])
async def test_a_command_is_never_done_for_whom_it_was_taken_away(
    cast: Cast, open_socket: Any, how: str, code: int
) -> None:
    socket = await open_socket(cast.nurse)
    await change(cast, how, hint=False)
    await socket.say(type="command", name="notes.write", id="c1", text="too late")
    assert await socket.closed() == code


async def test_a_relayed_frame_of_a_revoked_member_reaches_nobody(cast: Cast, open_socket: Any) -> None:
    other: Socket = await open_socket(cast.therapist)
    await other.say(type="follow", topic="signals")
    one = await open_socket(cast.nurse)
    await change(cast, "membership ended", hint=False)
    await one.say(type="relay", topic="signals", frame={"kind": "offer"})
    assert await one.closed() == 4403
    await other.say(type="ping", heads={})
    assert (await other.hear("pong", "relay"))["type"] == "pong"


async def test_a_patient_cannot_follow_the_desk_nor_another_clinic_its_rows(cast: Cast, open_socket: Any) -> None:
    with_row = await open_socket(cast.patient_user)
    for topic in ("alerts", "threads", "notes", "board"):
        await with_row.say(type="follow", topic=topic)
        assert (await with_row.hear("refused", "rows", "state"))["code"] == "not-found"
    await work(_write)(cast)
    stranger = await open_socket(cast.other_prescriber)
    await stranger.say(type="follow", topic="notes", after=0)
    assert (await stranger.hear("rows"))["rows"] == []


def _write(cast: Cast) -> None:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        add(cast.clinic.pk, "note.000001", "of Riverside only")


async def test_a_locked_screen_hears_that_something_came_and_not_what(cast: Cast, open_socket: Any) -> None:
    socket = await open_socket(cast.nurse)
    await work(_lock)()
    await work(_publish_lock)(cast)
    await work(_write)(cast)
    await socket.say(type="follow", topic="notes", after=0)
    frame = await socket.hear("rows")
    assert frame["rows"] == [{"locked": True, "seq": 1}]
    await socket.say(type="command", name="notes.write", id="c1", text="x")
    assert (await socket.hear("refused"))["code"] == "locked"


def _lock() -> None:
    from importlib import import_module

    from django.conf import settings

    for row in Session.objects.all():
        session = import_module(settings.SESSION_ENGINE).SessionStore(row.session_key)
        session["locked"] = 1
        session.save()


def _publish_lock(cast: Cast) -> None:
    with transaction.atomic():
        live.publish(f"user:{cast.nurse.pk}", locked=True)


async def test_an_old_staff_session_is_over(cast: Cast, open_socket: Any, settings: Any) -> None:
    settings.STAFF_SESSION = timedelta(seconds=0)
    communicator = await work(communicator_for)(cast, cast.nurse)
    await work(_age)()
    welcome, _code = await communicator.connect(timeout=PATIENCE_SECONDS)
    assert not welcome


def _age() -> None:
    from importlib import import_module

    from django.conf import settings

    for row in Session.objects.all():
        session = import_module(settings.SESSION_ENGINE).SessionStore(row.session_key)
        session["began_at"] = clock.now().timestamp() - 5
        session.save()
