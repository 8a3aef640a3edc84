"""A guest in a call: by a link of one hour, with the patient's yes and the clinician's hand, and gone at once."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.sessions import actions
from apps.sessions.models import Visit, VisitEvent, VisitGuest
from apps.sessions.refusal import VisitRefused
from tests.cast import Cast
from tests.live.conftest import Socket
from tests.visits.scene import admitted, finished, joined
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., Any]
SERVER_NOW = re.compile(rb'<meta name="server-now"[^>]*>')


def invited(cast: Cast, visit: Visit) -> tuple[VisitGuest, str]:
    with cast.acting(cast.prescriber) as actor, transaction.atomic():
        return actions.invite_guest(visit=visit, name="Ana Ruiz", role="interpreter", actor=actor)


def act(cast: Cast, who: str, verb: Callable[..., Any], **what: Any) -> Any:
    with cast.acting(getattr(cast, who)) as actor, transaction.atomic():
        return verb(**what, actor=actor)


def opened(token: str) -> Client:
    """A browser without an account that has started the link."""
    browser = Client()
    assert browser.post(f"/g/{token}/").status_code == 302
    return browser


def let_in(cast: Cast) -> tuple[Visit, VisitGuest, Client]:
    """A call with Ana in it."""
    visit = admitted(cast)
    guest, token = invited(cast, visit)
    browser = opened(token)
    act(cast, "patient_user", actions.agree_to_guest, visit=visit, guest_id=guest.pk)
    act(cast, "prescriber", actions.admit_guest, visit=visit, guest_id=guest.pk)
    return visit, guest, browser


def test_looking_uses_nothing_up_and_shows_nobody(cast: Cast) -> None:
    visit = admitted(cast)
    guest, token = invited(cast, visit)
    page = Client().get(f"/g/{token}/")
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "no-referrer"
    for word in ("Maria", "Alvarez", "Okafor", "Ana", str(visit.pk)):
        assert word not in page.content.decode()
    page = opened(token).get("/guest/")
    for word in ("Maria", "Alvarez", "Okafor", "Ana"):
        assert word not in page.content.decode()
    with cast.acting(cast.prescriber), transaction.atomic():
        assert VisitGuest.objects.get(pk=guest.pk).token_hash != token


def test_forged_foreign_used_expired_removed_and_over_are_the_same_404(cast: Cast) -> None:
    visit = admitted(cast)
    _guest, replaced = invited(cast, visit)
    guest, token = invited(cast, visit)
    opened(token)
    pages = [Client().get(f"/g/{one}/") for one in ("forged", "x" * 200, replaced, token)]
    expired, late = invited(cast, visit)
    clock.shift(timedelta(minutes=61))
    pages += [Client().get(f"/g/{late}/"), Client().post(f"/g/{late}/")]
    removed, gone = invited(cast, visit)
    act(cast, "patient_user", actions.remove_guest, visit=visit, guest_id=removed.pk)
    pages.append(Client().get(f"/g/{gone}/"))
    _last, over = invited(cast, visit)
    browser = opened(over)
    act(cast, "prescriber", actions.finish, visit=visit)
    pages += [browser.get(f"/g/{over}/"), browser.get("/guest/"), browser.post("/guest/ice/"), Client().get("/guest/")]
    assert {page.status_code for page in pages} == {404}
    assert len({SERVER_NOW.sub(b"", page.content) for page in pages}) == 1, "it does not say which"
    assert guest.pk != expired.pk
    with cast.acting(cast.prescriber), transaction.atomic():
        assert AuditEvent.objects.filter(object_type="guest-link", action="refused").exists()


def test_thirty_tries_from_one_address_and_then_no_more(cast: Cast) -> None:
    guessing = Client()
    answers = [guessing.get(f"/g/guess{number}/").status_code for number in range(32)]
    assert answers == [404] * 30 + [429] * 2


def test_a_post_that_another_site_started_asks_nothing(cast: Cast) -> None:
    visit = admitted(cast)
    guest, token = invited(cast, visit)
    assert Client().post(f"/g/{token}/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 404
    with cast.acting(cast.prescriber), transaction.atomic():
        assert VisitGuest.objects.get(pk=guest.pk).asked_at is None


def test_nobody_is_let_in_without_the_patients_yes(cast: Cast) -> None:
    visit = admitted(cast)
    guest, token = invited(cast, visit)
    with pytest.raises(VisitRefused, match="not opened the link"):
        act(cast, "prescriber", actions.admit_guest, visit=visit, guest_id=guest.pk)
    browser = opened(token)
    with pytest.raises(VisitRefused, match="has not agreed"):
        act(cast, "prescriber", actions.admit_guest, visit=visit, guest_id=guest.pk)
    assert browser.post("/guest/ice/").status_code == 409
    with cast.acting(cast.prescriber), pytest.raises(IntegrityError), transaction.atomic():
        VisitGuest.objects.filter(pk=guest.pk).update(admitted_at=clock.now())
    for who in ("patient_2_user", "nurse", "other_prescriber"):
        with pytest.raises(VisitRefused):
            act(cast, who, actions.agree_to_guest, visit=visit, guest_id=guest.pk)
    act(cast, "patient_user", actions.agree_to_guest, visit=visit, guest_id=guest.pk)
    with pytest.raises(VisitRefused, match="Take it over"):
        act(cast, "nurse", actions.admit_guest, visit=visit, guest_id=guest.pk)
    act(cast, "prescriber", actions.admit_guest, visit=visit, guest_id=guest.pk)
    assert browser.post("/guest/ice/").json()["iceTransportPolicy"] == "all"


def test_both_sides_pages_ask_show_and_remove(cast: Cast) -> None:
    visit = admitted(cast)
    desk, patient = cast.client(cast.prescriber), cast.client(cast.patient_user)
    address, own = f"/desk/visits/{visit.pk}/guest/", f"/visits/{visit.pk}/guest/"
    words = desk.post(address, {"do": "invite", "name": "Ana Ruiz", "role": "interpreter"}).content.decode()
    token = words.partition("/g/")[2].partition("/")[0]
    assert "Ana Ruiz" in words
    assert token not in desk.get(address).content.decode(), "the link is shown once"
    assert "May Ana Ruiz (interpreter) join?" in patient.get(own).content.decode()
    with cast.acting(cast.prescriber), transaction.atomic():
        guest = VisitGuest.objects.get(visit=visit)
    browser = opened(token)
    assert desk.post(address, {"do": "admit", "guest": guest.pk}).status_code == 409
    assert "may join" in patient.post(own, {"do": "agree", "guest": guest.pk}).content.decode()
    assert "Remove the guest" in desk.post(address, {"do": "admit", "guest": guest.pk}).content.decode()
    assert 'data-state="in"' in browser.get("/guest/").content.decode()
    assert patient.post(own, {"do": "remove", "guest": guest.pk}).content.decode().strip() == ""
    assert browser.get("/guest/").status_code == 404
    with cast.acting(cast.prescriber), transaction.atomic():
        kinds = list(VisitEvent.objects.filter(visit=visit, kind__startswith="guest").values_list("kind", flat=True))
    assert kinds == ["guest-invited", "guest-asked", "guest-agreed", "guest-admitted", "guest-removed"]


def test_nobody_is_invited_to_a_visit_that_is_over_or_anothers(cast: Cast) -> None:
    with pytest.raises(VisitRefused, match="over"):
        invited(cast, finished(cast))
    visit = admitted(cast)
    assert cast.client(cast.nurse).post(f"/desk/visits/{visit.pk}/guest/", {"do": "invite"}).status_code == 404
    assert cast.client(cast.prescriber).post(f"/desk/visits/{visit.pk}/guest/", {"do": "x"}).status_code == 422


# --- the guest's socket -----------------------------------------------------------------------------------------


async def knock(browser: Client | None, origin: str = "ours") -> tuple[bool, Socket]:
    from telek.asgi import application

    cookies = browser.cookies.output(header="", sep=";").strip().encode() if browser else b""
    allowed = settings.SOCKET_ORIGINS[0] if origin == "ours" else origin
    communicator = WebsocketCommunicator(
        application, "/ws/guest/", headers=[(b"cookie", cookies), (b"origin", allowed.encode())]
    )
    accepted, _code = await communicator.connect(timeout=PATIENCE_SECONDS)
    return accepted, Socket(communicator)


@pytest.mark.asyncio
async def test_the_guests_socket_knows_one_visit_and_nothing_else(cast: Cast, open_socket: Open) -> None:
    visit, guest, browser = await database_sync_to_async(let_in)(cast)
    accepted, socket = await knock(browser)
    assert accepted
    assert (await socket.hear("welcome"))["user"] == str(guest.pk)
    for topic in ("alerts", "visits", "threads", f"thread:{uuid4()}", f"visit:{uuid4()}", f"user:{guest.pk}", 7):
        await socket.say(type="follow", topic=topic)
        assert (await socket.hear("refused"))["code"] == "not-found"
    for name in ("chat.send", "visit.report", "visit.wait", "chat.read", ""):
        await socket.say(type="command", name=name, id="1", visit=str(visit.pk), seat=str(uuid4()))
        assert (await socket.hear("refused"))["code"] == "unknown"
    topic = f"visit:{visit.pk}"
    await socket.say(type="follow", topic=topic)
    (row,) = (await socket.hear("state"))["rows"]
    assert set(row) == {"id", "version", "state", "until"}
    await socket.communicator.disconnect()


@pytest.mark.asyncio
async def test_a_guest_hears_only_what_is_meant_for_everybody_or_for_them(cast: Cast, open_socket: Open) -> None:
    visit, _guest, browser = await database_sync_to_async(let_in)(cast)
    staff = await open_socket(cast.prescriber)
    topic = f"visit:{visit.pk}"
    await staff.say(type="follow", topic=topic)
    await staff.hear("state")
    desk_seat = str(await database_sync_to_async(joined)(cast, visit, cast.prescriber))
    _accepted, socket = await knock(browser)
    await socket.hear("welcome")
    seat = str(uuid4())
    await socket.say(type="relay", topic=topic, frame={"kind": "hello", "seat": seat})
    assert (await socket.hear("refused"))["code"] == "replaced", "without the seat nobody speaks"
    await socket.say(type="command", name="visit.join", id="1", seat=seat)
    await socket.hear("done")
    await socket.say(type="relay", topic=topic, frame={"kind": "hello", "seat": seat, "side": "patient"})
    relayed = await staff.hear("relay")
    assert relayed["frame"] == {"kind": "hello", "seat": seat, "side": "guest"}
    for to in ({"to": str(uuid4())}, {"to": seat}, {}):
        await staff.say(type="relay", topic=topic, frame={"kind": "hello", "seat": desk_seat, **to})
    heard = [(await socket.hear("relay"))["frame"].get("to") for _ in range(2)]
    assert heard == [seat, None]
    await socket.communicator.disconnect()


@pytest.mark.asyncio
async def test_a_removed_guest_hears_nothing_more_and_is_closed(cast: Cast, open_socket: Open) -> None:
    visit, guest, browser = await database_sync_to_async(let_in)(cast)
    _accepted, socket = await knock(browser)
    await socket.hear("welcome")
    seat: UUID = uuid4()
    await socket.say(type="command", name="visit.join", id="1", seat=str(seat))
    await socket.hear("done")
    await database_sync_to_async(act)(cast, "prescriber", actions.remove_guest, visit=visit, guest_id=guest.pk)
    assert await socket.closed() == 4403
    accepted, _socket = await knock(browser)
    assert not accepted


@pytest.mark.asyncio
async def test_strangers_foreign_pages_and_members_do_not_get_the_guests_socket(cast: Cast) -> None:
    _visit, _guest, browser = await database_sync_to_async(let_in)(cast)
    for client, origin in (
        (None, "ours"),
        (Client(), "ours"),
        (await database_sync_to_async(cast.client)(cast.prescriber), "ours"),
        (browser, "https://evil.example"),
        (browser, "null"),
    ):
        accepted, _socket = await knock(client, origin)
        assert not accepted
    live, socket = await knock(browser)
    assert live
    for junk in ("[]", "{", '{"type":1}', '{"type":"relay"}', '{"type":"follow"}', '{"type":"unfollow"}'):
        await socket.communicator.send_to(text_data=junk)
        assert (await socket.hear("refused"))["code"] in ("bad-frame", "not-found")
    await socket.communicator.send_to(text_data="x" * 17_000)
    assert await socket.closed() == 4413
    await asyncio.sleep(0)
