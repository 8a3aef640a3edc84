"""Around the dose, in a real browser: the plan without a network, a session at home with a second phone, a missed talk."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from playwright.sync_api import Page, expect

from apps.accounts.actions import sign_out_everywhere
from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.core.db.scope import use_clinic
from apps.patients.actions import write_safety_plan
from apps.sessions.models import IntegrationWindow, LookIn
from apps.sessions.owed import ask_after_windows
from tests.browser.server import running_system
from tests.cast import Cast
from tests.treatment.scene import dosed, later, worked
from tests.treatment.test_home import at_home, begun
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1440, "height": 900}}
OpenPage = Callable[..., Page]
CACHED = "async () => { const c = await caches.open('telek-plan'); const r = await c.match('/safety-plan/'); return r ? await r.text() : '' }"


def test_the_safety_plan_opens_without_a_network_and_leaves_with_the_sign_out(cast: Cast, signed_in: OpenPage) -> None:
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        write_safety_plan(patient=cast.patient, actor=doctor, steps={"alone": "Walk to the river"})
    with running_system() as system:
        page = signed_in(cast.patient_user, **PHONE)
        cookies = page.context.cookies()
        page.context.add_cookies([{"name": c["name"], "value": c["value"], "url": system.url} for c in cookies])  # type: ignore[typeddict-item]
        page.goto(f"{system.url}/")
        wait_until(lambda: len(page.evaluate(CACHED)) > 100)
        assert "river" not in page.evaluate(CACHED)  # what lies there is sealed
    page.goto(f"{system.url}/safety-plan/")
    expect(page.get_by_text("Walk to the river")).to_be_visible()


def test_after_the_sign_out_nothing_of_the_plan_is_left(cast: Cast, signed_in: OpenPage) -> None:
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        write_safety_plan(patient=cast.patient, actor=doctor, steps={"alone": "Walk to the river"})
    page = signed_in(cast.patient_user, **PHONE)
    page.goto("/safety-plan/")
    wait_until(lambda: len(page.evaluate(CACHED)) > 100)
    page.goto("/more/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/more/" not in url)
    wait_until(lambda: page.evaluate(CACHED) == "")


def test_the_plan_leaves_with_a_session_that_was_ended_elsewhere_and_with_the_next_person(
    cast: Cast, signed_in: OpenPage
) -> None:
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        write_safety_plan(patient=cast.patient, actor=doctor, steps={"alone": "Walk to the river"})
    page = signed_in(cast.patient_user, **PHONE)

    def kept() -> None:
        page.goto("/safety-plan/")
        wait_until(lambda: len(page.evaluate(CACHED)) > 100)

    def signs_in(user: User) -> None:
        cookie = cast.client(user).cookies[settings.SESSION_COOKIE_NAME].value
        (known,) = [one for one in page.context.cookies() if one["name"] == settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([known | {"value": cookie}])  # type: ignore[operator]

    kept()
    signs_in(cast.patient_2_user)  # the session before was never signed out of here, and this person has no plan
    page.goto("/")
    wait_until(lambda: page.evaluate(CACHED) == "")
    signs_in(cast.patient_user)
    kept()
    with transaction.atomic():
        sign_out_everywhere(user=cast.patient_user, actor=None)
    page.goto("/safety-plan/")
    wait_until(lambda: page.evaluate(CACHED) == "")


def test_a_peer_on_a_second_phone_answers_and_a_missed_look_in_escalates(cast: Cast, signed_in: OpenPage) -> None:
    session, path = begun(cast)
    with running_system(pump=True) as system:
        desk = signed_in(cast.nurse, **DESK)
        desk.goto(session.path)
        expect(desk.get_by_text("No look-in answered yet.")).to_be_visible()
        later(15.1)
        peer = signed_in(None, **PHONE)
        due = peer.get_by_role("heading", name="How are they now?")
        time.sleep(1.2)  # by then the server has read the moved clock
        peer.goto(f"{system.url}{path}")
        expect(due).to_be_visible()
        peer.get_by_role("button", name="Talks and is fine").dblclick()
        expect(peer.get_by_role("heading", name="Next look-in at")).to_be_visible()
        with use_clinic(cast.clinic.pk), transaction.atomic():
            assert LookIn.objects.count() == 1
        later(18.2)  # nobody answers the next one
        _until(cast, lambda: Alert.objects.filter(cause="home-look-in", level="P2").exists())
        later(5.2)
        _until(cast, lambda: Alert.objects.filter(cause="home-look-in", level="P1").exists())
        desk = signed_in(cast.nurse, **DESK)  # the first screen has locked itself meanwhile
        desk.goto("/desk/alerts/")
        expect(desk.get_by_text("At home: a look-in was missed").first).to_be_visible()
        peer.reload()
        peer.get_by_role("button", name="Call the team now").click()
        expect(peer.get_by_role("heading", name="The team is being called")).to_be_visible()
        desk.goto(session.path)
        expect(desk.get_by_text("help now").first).to_be_visible()


def _until(cast: Cast, true: Callable[[], bool]) -> None:
    def asked() -> bool:
        with use_clinic(cast.clinic.pk), transaction.atomic():
            return true()

    wait_until(asked)


def test_a_talk_that_was_missed_is_caught(cast: Cast, signed_in: OpenPage) -> None:
    dosed(cast)
    later(60 * 25)
    assert worked(cast, ask_after_windows) == 1
    later(60 * 49)
    assert worked(cast, ask_after_windows) == 1
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert IntegrationWindow.objects.get().status == "missed"
    page = signed_in(cast.therapist, **DESK)
    page.goto("/desk/")
    expect(page.get_by_text("did not take place").first).to_be_visible()
    page.goto("/desk/therapy/")
    expect(page.get_by_text("0 of 1")).to_be_visible()
    expect(page.get_by_role("heading", name="Missed, last 30 days")).to_be_visible()


def test_the_pages_of_this_part_hold_on_a_phone(cast: Cast, signed_in: OpenPage) -> None:
    _session, path = at_home(cast)
    page = signed_in(cast.patient_user, **PHONE)
    wide: dict[str, Any] = {}
    for address in ("/my-helpers/", "/journal/", "/safety-plan/", path):
        page.goto(address)
        wide[address] = page.evaluate("document.documentElement.scrollWidth")
    assert {address: width for address, width in wide.items() if width > 390} == {}
