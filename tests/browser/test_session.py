"""A clinic day and the session board in a real browser: with the network cut, the tab closed, the socket gone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from apps.alerts.models import Alert
from apps.core.db.scope import use_clinic
from apps.sessions.models import DosingSession, SessionEvent, TreatmentConsent
from tests.browser.cable import Cable
from tests.browser.server import running_system
from tests.cast import Cast
from tests.treatment.scene import PIN, dosed, noted, ready, tap
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}}
OpenPage = Callable[..., Page]


@pytest.fixture
def cable() -> Iterator[Cable]:
    found = Cable()
    yield found
    found.close()


def events(cast: Cast, session: DosingSession, kind: str) -> list[SessionEvent]:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        return list(SessionEvent.objects.filter(session=session, kind=kind).order_by("occurred_at"))


def all_twelve(cast: Cast, session: DosingSession) -> list[SessionEvent]:
    rows = events(cast, session, "note")
    return rows if len(rows) >= 12 else []


def test_twelve_taps_offline_and_a_closed_tab_are_twelve_events_with_their_own_times(
    cast: Cast, signed_in: OpenPage
) -> None:
    session = dosed(cast)
    page = signed_in(cast.nurse, **DESK)
    page.goto(session.path)
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    page.context.set_offline(True)
    for number in range(12):
        page.locator('[name="kind"][value="note"] ~ label [name="text"]').fill(f"note {number}")
        page.locator('form:has([value="note"]) button').click()
    expect(page.locator("[data-taps]")).to_contain_text("12 entries wait")
    assert events(cast, session, "note") == []
    page.close()
    page.context.set_offline(False)
    again = page.context.new_page()
    again.goto("/desk/sessions/")
    rows = wait_until(lambda: all_twelve(cast, session), page=again)
    expect(again.locator("[data-taps]")).to_be_hidden()
    assert [row.text for row in rows] == [f"note {number}" for number in range(12)]
    assert len({row.occurred_at for row in rows}) == 12


def drawn_by_hand(person: Page) -> None:
    """Two strokes on the consent's canvas: cleared once, then drawn again."""
    canvas = person.locator("[data-signature] canvas")
    canvas.evaluate("node => node.scrollIntoView({ block: 'center' })")
    box = canvas.bounding_box()
    assert box is not None
    for clear in (True, False):
        for down, across in ((0.2, 0.7), (0.5, 0.3)):
            person.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * down)
            person.mouse.down()
            person.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * across, steps=8)
            person.mouse.up()
        expect(person.locator("[data-signature] [data-said]")).to_have_text("Drawn. You may add to it or clear it.")
        if clear:
            person.get_by_role("button", name="Clear", exact=True).click()
            expect(person.locator("[data-signature] [data-said]")).to_have_text("Cleared.")


def test_a_clinic_day_from_consent_to_the_door(cast: Cast, signed_in: OpenPage) -> None:
    session = ready(cast)
    with cast.acting(cast.patient_user), transaction.atomic():
        for held in TreatmentConsent.objects.all():
            held.status = "inactive"
            held.save()
    person = signed_in(cast.patient_user, **PHONE)
    desk = signed_in(cast.nurse, **DESK)
    desk.goto(session.path)
    expect(desk.locator("[data-part=gate]")).to_contain_text("No signed consent")
    person.goto("/session-day/consent/")
    for box in person.locator("input[type=checkbox]").all():
        box.check()
    drawn_by_hand(person)
    person.get_by_role("button", name="Sign", exact=True).click()
    expect(person.get_by_text("You signed")).to_be_visible()
    expect(person.get_by_role("img", name="Drawn signature")).to_be_visible()
    expect(desk.locator("[data-part=gate]")).not_to_contain_text("No signed consent")  # over the socket
    expect(desk.locator("[data-part=gate]")).to_contain_text("Yes")  # with the checks that are due as cautions
    desk.get_by_label("Dose, mg").fill("40")
    desk.get_by_label("Weight, kg").fill("80")
    expect(desk.locator("[data-mg-per-kg]")).to_have_text("0.50 mg/kg")
    desk.get_by_label("Lot number").fill("L-77")
    desk.get_by_label("Second person").select_option(label="Dr Ngozi Okafor")
    desk.get_by_label("Their PIN").fill(PIN)
    desk.get_by_role("button", name="Dose begins now").click()
    expect(desk.locator("[data-part=leaving]")).to_contain_text("Not yet")
    desk.keyboard.press("v")
    desk.keyboard.type("186")
    desk.keyboard.press("Tab")
    desk.keyboard.type("112")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-part=signs] .vt.p1")).to_contain_text("186/112")
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert Alert.objects.get(cause="vital-signs").level == "P1"
    desk.get_by_role("button", name="The infusion has ended").click()
    desk.get_by_role("button", name="Discharge", exact=True).click()
    expect(desk.locator("main")).to_contain_text("Not yet. Missing:")
    assert person.faults == []  # type: ignore[attr-defined]


def test_the_board_with_its_socket_cut_ends_with_the_same_picture_as_an_uncut_one(
    cast: Cast, signed_in: OpenPage, cable: Cable
) -> None:
    session = dosed(cast)
    origin = f"http://localhost:{cable.port}"
    allowed = {"TELEK_PUBLIC_URL": origin, "TELEK_SOCKET_ORIGINS": origin, "TELEK_TRUSTED_ORIGINS": origin}
    uncut = signed_in(cast.nurse, **DESK)
    uncut.goto("/desk/sessions/")
    with running_system(**allowed) as system:
        cable.to_port = system.port
        cut = signed_in(cast.nurse, **DESK)
        cut.goto(f"{origin}/desk/sessions/")
        for page in (uncut, cut):
            expect(page.locator("[data-live-word]")).to_have_text("Live")
        cable.pull()
        noted(cast, session, tap("vitals", sbp=131, dbp=81, hr=71))
        noted(cast, session, tap("vitals", sbp=133, dbp=83, hr=73), tap("moaas", score=4))
        expect(uncut.locator(".vts")).to_contain_text("133/83")
        expect(cut.locator(".vts")).not_to_contain_text("133/83")
        cable.plug_in()
        expect(cut.locator(".vts")).to_contain_text("133/83")
        assert picture(cut) == picture(uncut)


def picture(page: Page) -> Any:
    """What the tiles say, clocks apart."""
    said = page.locator(".tile").all_inner_texts()
    return [re.sub(r"[\u2212\d]*\d\d:\d\d(:\d\d)?", "", text) for text in said]
