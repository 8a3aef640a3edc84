"""A video visit from knock to signature: two real browsers, a real call, the real server."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from apps.sessions.models import VisitEvent, VisitNote
from tests.cast import Cast
from tests.visits.scene import PLACE, booked, fresh, soon

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1440, "height": 900}}


def decoded(page: Page) -> int:
    """Pictures of the other side that this page has decoded so far."""
    return page.evaluate("() => document.querySelector('[data-remote]').getVideoPlaybackQuality().totalVideoFrames")


def wait_until(what: Callable[[], Any], within: float = 15) -> None:
    until = time.monotonic() + within
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def assert_pictures_grow(page: Page) -> None:
    wait_until(lambda: decoded(page) > 5)
    before = decoded(page)
    wait_until(lambda: decoded(page) > before + 10)


def enter(page: Page, path: str) -> None:
    """The person tells where they are and enters the waiting room."""
    page.goto(path)
    page.get_by_label("At home").check()
    page.get_by_label("No", exact=True).check()
    page.get_by_label("Number to call").fill(PLACE["call_back"])
    page.get_by_role("button", name="Enter the waiting room").click()
    expect(page.get_by_text("You are in the waiting room")).to_be_visible()


def test_a_visit_from_knock_to_signature(cast: Cast, signed_in: Callable[..., Page]) -> None:
    visit = booked(cast, starts_at=soon(5))
    patient, desk = signed_in(cast.patient_user, **PHONE), signed_in(cast.prescriber, **DESK)
    desk.goto("/desk/visits/")
    expect(desk.locator("[data-knock]")).to_have_count(0)

    enter(patient, visit.path)
    knock = desk.locator("[data-knock]")
    expect(knock).to_contain_text("Maria Alvarez", timeout=2_000)
    knock.get_by_role("link", name="Open the visit").click()

    desk.get_by_role("button", name="Admit").click()
    expect(desk.locator("[data-quality] [data-state=good]")).to_be_visible(timeout=15_000)
    expect(patient.locator("[data-quality] [data-state=good]")).to_be_visible(timeout=15_000)
    assert_pictures_grow(patient)
    assert_pictures_grow(desk)

    patient.get_by_role("button", name="Mic is on").click()
    expect(desk.get_by_text("The patient is muted.")).to_be_visible()
    patient.get_by_role("button", name="Mic is off").click()
    expect(desk.get_by_text("The patient is muted.")).to_be_hidden()

    patient.reload()
    expect(patient.locator("[data-quality] [data-state=good]")).to_be_visible(timeout=15_000)
    assert_pictures_grow(patient)
    assert_pictures_grow(desk)

    desk.get_by_label("Note", exact=True).fill("Sleeps seven hours. No thoughts of death.")
    expect(desk.locator("[data-note-at]")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"), timeout=5_000)
    desk.get_by_role("button", name="End visit").click()
    expect(patient.get_by_text("Visit ended")).to_be_visible(timeout=3_000)
    expect(desk.get_by_label("Note", exact=True)).to_have_value("Sleeps seven hours. No thoughts of death.")
    desk.get_by_label("Maintenance dose").check()
    desk.get_by_role("button", name="Sign").click()
    expect(desk.get_by_text("Signed.", exact=True)).to_be_visible()

    with cast.acting(cast.prescriber), transaction.atomic():
        note = VisitNote.objects.get(visit_id=visit.pk)
        kinds = list(VisitEvent.objects.filter(visit_id=visit.pk).values_list("kind", flat=True))
    assert (note.status, note.next_step) == ("final", "maintenance")
    assert kinds[0] == "booked"
    assert {"arrived", "admitted", "joined", "rejoined", "ended"} <= set(kinds)
    assert fresh(cast, visit).status == "finished"
    assert patient.faults == []
    assert desk.faults == []
