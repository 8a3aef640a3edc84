"""Visits on the live socket: the knock, both sides' state, and who may signal to whom."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import transaction

from apps.sessions import actions
from apps.sessions.models import Visit
from tests.cast import Cast
from tests.live.conftest import Socket
from tests.visits.scene import admitted, arrived, booked, joined

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

Open = Callable[..., Any]


@database_sync_to_async
def do(step: Callable[..., Any], *args: Any, **more: Any) -> Any:
    return step(*args, **more)


@database_sync_to_async
def act(cast: Cast, who: str, verb: Callable[..., Any], **what: Any) -> Any:
    with cast.acting(getattr(cast, who)) as actor, transaction.atomic():
        return verb(**what, actor=actor)


async def refused(socket: Socket) -> str:
    return (await socket.hear("refused"))["code"]


async def command(socket: Socket, name: str, visit: Visit, seat: Any, **more: Any) -> dict[str, Any]:
    await socket.say(type="command", name=name, id="1", visit=str(visit.pk), seat=str(seat), **more)
    return await socket.hear("done", "refused")


async def in_the_call(cast: Cast, open_socket: Open) -> tuple[Visit, Socket, Socket, str, str]:
    """Both sides follow the visit and have their seats."""
    visit = await do(admitted, cast)
    patient, staff = await open_socket(cast.patient_user), await open_socket(cast.prescriber)
    seats = [str(uuid4()), str(uuid4())]
    for socket, seat in zip((patient, staff), seats, strict=True):
        await socket.say(type="follow", topic=f"visit:{visit.pk}")
        await socket.hear("state")
        assert (await command(socket, "visit.join", visit, seat))["type"] == "done"
    return visit, patient, staff, *seats


async def test_the_knock_reaches_the_desk(cast: Cast, open_socket: Open) -> None:
    visit = await do(booked, cast)
    desk = await open_socket(cast.coordinator)
    await desk.say(type="follow", topic="visits")
    (row,) = (await desk.hear("state"))["rows"]
    assert (row["status"], row["level"]) == ("planned", "")
    await do(arrived, cast, visit)
    (row,) = (await desk.hear("state"))["rows"]
    assert (row["status"], row["level"], row["patient"]) == ("arrived", "knock", "Maria Alvarez")


async def test_a_cancelled_visit_reaches_the_waiting_person_and_leaves_the_desk(
    cast: Cast,
    open_socket: Open,
) -> None:
    visit = await do(arrived, cast)
    desk, patient = await open_socket(cast.coordinator), await open_socket(cast.patient_user)
    await desk.say(type="follow", topic="visits")
    await patient.say(type="follow", topic=f"visit:{visit.pk}")
    await desk.hear("state")
    await patient.hear("state")
    await act(cast, "coordinator", actions.cancel, visit=visit, reason="Dr Okafor is ill")
    (row,) = (await patient.hear("state"))["rows"]
    assert (row["status"], row["cancel_reason"]) == ("cancelled", "Dr Okafor is ill")
    (gone,) = (await desk.hear("state"))["rows"]
    assert gone["gone"] is True


@pytest.mark.parametrize("who", ["patient_2_user", "other_patient_user", "other_prescriber", "nurse", "coordinator"])
async def test_a_third_one_neither_follows_nor_joins(cast: Cast, open_socket: Open, who: str) -> None:
    visit = await do(admitted, cast)
    third = await open_socket(getattr(cast, who))
    await third.say(type="follow", topic=f"visit:{visit.pk}")
    assert await refused(third) == "not-found"
    assert (await command(third, "visit.join", visit, uuid4()))["code"] == "not-found"
    await third.say(type="relay", topic=f"visit:{visit.pk}", frame={"kind": "hello", "seat": str(uuid4())})
    assert await refused(third) == "not-found"


@pytest.mark.parametrize("who", ["patient_user", "clinic_admin"])
async def test_the_waiting_room_is_for_the_desk(cast: Cast, open_socket: Open, who: str) -> None:
    socket = await open_socket(getattr(cast, who))
    await socket.say(type="follow", topic="visits")
    assert await refused(socket) == "not-found"


async def test_signals_pass_between_the_two_seats(cast: Cast, open_socket: Open) -> None:
    visit, patient, staff, own, other = await in_the_call(cast, open_socket)
    frame = {"kind": "hello", "seat": own, "to": other}
    await patient.say(type="relay", topic=f"visit:{visit.pk}", frame=frame | {"evil": 1})
    relayed = await staff.hear("relay")
    assert relayed["frame"] == frame | {"side": "patient"}, "the server says whose page speaks"
    assert relayed["from"] == str(cast.patient_user.pk)


async def test_a_page_without_the_seat_does_not_signal(cast: Cast, open_socket: Open) -> None:
    visit, patient, _staff, own, other = await in_the_call(cast, open_socket)
    for seat in (str(uuid4()), other):
        await patient.say(type="relay", topic=f"visit:{visit.pk}", frame={"kind": "hello", "seat": seat})
        assert await refused(patient) == "replaced"
    await do(joined, cast, visit, cast.patient_user)
    await patient.say(type="relay", topic=f"visit:{visit.pk}", frame={"kind": "hello", "seat": own})
    assert await refused(patient) == "replaced"
    assert (await command(patient, "visit.here", visit, own))["code"] == "replaced"


async def test_bad_signals_are_refused_and_the_socket_lives(cast: Cast, open_socket: Open) -> None:
    visit, patient, _staff, own, _other = await in_the_call(cast, open_socket)
    for description in ({"type": "offer", "sdp": "nonsense"}, {"type": "offer"}, "x"):
        frame = {"kind": "description", "seat": own, "description": description}
        await patient.say(type="relay", topic=f"visit:{visit.pk}", frame=frame)
        assert await refused(patient) == "invalid"
    assert (await command(patient, "visit.here", visit, own))["type"] == "done"


async def test_after_the_end_the_seat_is_worth_nothing(cast: Cast, open_socket: Open) -> None:
    visit, patient, _staff, own, _other = await in_the_call(cast, open_socket)
    await act(cast, "prescriber", actions.finish, visit=visit)
    await patient.say(type="relay", topic=f"visit:{visit.pk}", frame={"kind": "hello", "seat": own})
    assert await refused(patient) == "over"
    assert (await command(patient, "visit.join", visit, own))["code"] == "over"


async def test_both_sides_hear_who_is_in(cast: Cast, open_socket: Open) -> None:
    visit, patient, staff, own, _other = await in_the_call(cast, open_socket)
    await command(patient, "visit.leave", visit, own)
    async with asyncio.timeout(3):
        while (await staff.hear("state"))["rows"][0]["other_in"]:
            pass
    await command(patient, "visit.report", visit, own, what="dropped", detail="4 s")


@pytest.mark.parametrize("payload", [{}, {"visit": "x"}, {"visit": None, "seat": 1}, {"seat": []}])
async def test_a_malformed_command_is_refused(cast: Cast, open_socket: Open, payload: dict[str, Any]) -> None:
    socket = await open_socket(cast.patient_user)
    for name in ("visit.join", "visit.here", "visit.leave", "visit.report"):
        await socket.say(type="command", name=name, id="1", **payload)
        assert await refused(socket) == "not-found"
