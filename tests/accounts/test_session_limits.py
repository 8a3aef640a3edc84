"""How long a session lives, when it locks, and how it opens again."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.accounts.models import User
from apps.accounts.session_limits import LOCKED_KEY
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.db.scope import use_clinic
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase"


@pytest.fixture
def desk(cast: Cast) -> Client:
    """A nurse who has just opened a page."""
    client = cast.client(cast.nurse)
    assert client.get("/account/").status_code == 200
    return client


def later(minutes: float) -> None:
    clock.shift(timedelta(minutes=minutes))


def state(client: Client) -> dict[str, object]:
    return dict(client.get("/session/").json())


def test_after_fifteen_idle_minutes_the_next_page_asks_to_unlock(desk: Client, cast: Cast) -> None:
    later(16)
    answer = desk.get("/account/?a=1")
    assert (answer.status_code, answer["Location"]) == (302, "/unlock/?next=%2Faccount%2F%3Fa%3D1")
    with use_clinic(cast.clinic.pk):
        assert AuditEvent.objects.filter(actor_id=cast.nurse.pk, detail="locked").count() == 1


def test_within_fifteen_minutes_nothing_locks(desk: Client) -> None:
    later(14)
    assert desk.get("/account/").status_code == 200


def test_a_locked_session_shows_no_content_and_stays_signed_in(desk: Client) -> None:
    later(16)
    desk.get("/account/")
    assert desk.session[LOCKED_KEY]
    assert "_auth_user_id" in desk.session
    assert desk.get("/unlock/").status_code == 200


def test_what_a_page_fetches_by_itself_is_refused_without_leaving_the_page(desk: Client) -> None:
    later(16)
    answer = desk.get("/account/", headers={"HX-Request": "true"})
    assert answer.status_code == 423
    assert "HX-Redirect" not in answer
    assert desk.get("/account/", headers={"Accept": "application/json"}).status_code == 423


def test_what_a_page_fetches_by_itself_keeps_nothing_awake(desk: Client) -> None:
    for _minute in range(4):
        later(4)
        desk.get("/account/", headers={"HX-Request": "true"})
        desk.get("/session/")
    assert state(desk)["locked"] is True


def test_somebody_who_is_there_keeps_the_session_awake(desk: Client) -> None:
    for _quarter in range(4):
        later(10)
        assert desk.post("/session/", {"do": "active"}).json()["locked"] is False
    assert desk.get("/account/").status_code == 200


def test_saying_active_does_not_open_a_locked_session(desk: Client) -> None:
    later(16)
    desk.post("/session/", {"do": "active"})
    assert desk.post("/session/", {"do": "active"}).json()["locked"] is True


def test_the_password_opens_it_where_it_was(desk: Client) -> None:
    later(16)
    desk.get("/account/")
    answer = desk.post("/unlock/", {"password": PASSWORD, "next": "/account/"})
    assert answer["Location"] == "/account/"
    assert state(desk)["locked"] is False
    assert desk.get("/account/").status_code == 200


def test_a_wrong_password_does_not(desk: Client) -> None:
    later(16)
    desk.get("/account/")
    assert desk.post("/unlock/", {"password": "not the pass phrase"}).status_code == 200
    assert state(desk)["locked"] is True


def test_the_demos_people_who_have_no_password_just_go_on(desk: Client, cast: Cast, settings: Settings) -> None:
    User.objects.filter(pk=cast.nurse.pk).update(password="!none")
    client = cast.client(User.objects.get(pk=cast.nurse.pk))
    client.post("/session/", {"do": "lock"})
    assert client.post("/unlock/", {"next": "/account/"}).status_code == 200
    assert state(client)["locked"] is True
    settings.DEMO = True
    assert client.post("/unlock/", {"next": "/account/"})["Location"] == "/account/"
    assert state(client)["locked"] is False


def test_the_demos_unlock_still_asks_whoever_has_a_password(desk: Client, settings: Settings) -> None:
    settings.DEMO = True
    desk.post("/session/", {"do": "lock"})
    desk.post("/unlock/", {"password": ""})
    assert state(desk)["locked"] is True


def test_too_many_wrong_passwords_end_the_session(desk: Client) -> None:
    later(16)
    desk.get("/account/")
    for _attempt in range(11):
        answer = desk.post("/unlock/", {"password": "not the pass phrase"})
    assert answer["Location"] == "account_login" or answer["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in desk.session


def test_proving_who_you_are_in_another_way_opens_it_too(desk: Client) -> None:
    later(16)
    desk.get("/account/")
    desk.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert desk.get("/account/").status_code == 200
    assert state(desk)["locked"] is False


def test_a_proof_from_before_the_lock_does_not_open_it(desk: Client) -> None:
    desk.post("/accounts/reauthenticate/", {"password": PASSWORD})
    later(16)
    assert desk.get("/account/").status_code == 302
    assert desk.get("/account/").status_code == 302


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example"])
def test_unlocking_leads_to_our_own_pages_only(desk: Client, target: str) -> None:
    assert desk.post("/unlock/", {"password": PASSWORD, "next": target})["Location"] == "/"


def test_somebody_may_lock_their_own_screen(desk: Client) -> None:
    assert desk.post("/session/", {"do": "lock"}).json()["locked"] is True
    assert desk.get("/account/").status_code == 302


def test_after_twelve_hours_even_a_busy_session_is_over(desk: Client) -> None:
    for _step in range(73):
        later(10)
        answer = desk.get("/account/")
    assert answer["Location"].startswith("/accounts/login/?next=/account/")
    assert "_auth_user_id" not in desk.session
    assert desk.get("/session/").status_code == 401


def test_a_patient_is_neither_locked_nor_thrown_out(cast: Cast) -> None:
    client = cast.client(cast.patient_user)
    client.get("/account/")
    clock.shift(timedelta(hours=13))
    assert client.get("/account/").status_code == 200
    assert state(client)["locked"] is False


def test_a_platform_admin_is_held_to_the_same_limits(cast: Cast) -> None:
    client = cast.client(cast.platform_admin)
    assert client.get("/admin/").status_code == 200
    later(16)
    assert client.get("/admin/")["Location"].startswith("/unlock/")
