"""What a screen reader is told of the main pages: landmarks, names and their order, and what speaks by itself."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessible import furnished
from tests.browser.test_survey import opened, slot_of
from tests.cast import Cast

__all__ = ["furnished"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PORTAL = """
- link "Skip to main content"
- banner:
  - link
- region "Help now":
  - link "Help now"
  - link /Talk now\\? Call .+/
  - link /In danger\\? Call .+/
- navigation "Main":
  - link "Home"
  - link "Check-in"
  - link /Messages.*/
  - link "Visits"
  - link "More"
- main:
  - heading /{heading}/ [level=1]
"""
DESK = """
- link "Skip to main content"
- navigation "Main":
  - link /Worklist.*/
  - link /Alerts.*/
  - link /Messages.*/
- region "Who is on call"
- main:
  - heading /{heading}/ [level=1]
"""
PATIENT_PAGES = {
    "/": "Good (morning|afternoon|evening), .+",
    "/check-in/": "Check-in",
    "/messages/": "Messages",
    "/visits/": "Visits",
    "/progress/": "My progress",
    "/safety-plan/": "My safety plan",
    "/call-me/": "Ask my clinic to call me",
    "/more/": "More",
}
DESK_PAGES = {
    "/desk/": "Worklist",
    "/desk/alerts/": "Alerts",
    "/desk/messages/": "Messages",
    "/desk/visits/": "Visits",
    "/desk/patients/": "Patients",
    "/desk/roster/": "Roster and rules",
}


def tree_of(page: Page, wanted: str) -> None:
    expect(page.locator("body")).to_match_aria_snapshot(wanted)


def test_the_portals_pages_say_where_one_is_before_what_is_there(
    cast: Cast, furnished: dict[str, Any], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.patient_user, viewport={"width": 390, "height": 844})
    for path, heading in PATIENT_PAGES.items():
        page.goto(path)
        tree_of(page, PORTAL.format(heading=heading))
        assert page.get_by_role("heading", level=1).count() == 1, path


def test_the_desks_pages_say_who_is_on_call_and_where_one_is(
    cast: Cast, furnished: dict[str, Any], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.prescriber, viewport={"width": 1440, "height": 900})
    for path, heading in DESK_PAGES.items():
        page.goto(path)
        tree_of(page, DESK.format(heading=heading))
        assert page.get_by_role("heading", level=1).count() == 1, path


def test_an_alert_is_read_in_the_order_in_which_it_is_handled(
    cast: Cast, furnished: dict[str, Any], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.prescriber, viewport={"width": 1440, "height": 900})
    page.goto(f"/desk/alerts/{furnished['alert']}/")
    tree_of(
        page,
        """
- main:
  - heading /Alert/ [level=1]
  - region "Patient identity"
  - region "Alert":
    - timer "Time left"
    - button /Acknowledge and own/
  - list "Escalation ladder"
  - region "Answers and history"
  - region "Curve, risk and closing"
  - complementary "Reach the person":
    - heading "Where they are now" [level=2]
    - heading "Emergency" [level=2]
    - heading "Contact attempts" [level=2]
""",
    )


def test_a_question_is_a_group_with_its_recall_and_what_was_saved_is_said(
    cast: Cast, signed_in: Callable[..., Page]
) -> None:
    page = opened(cast, signed_in, slot_of(cast, "phq-9"))
    group = page.get_by_role("group", name=re.compile("Over the last 2 weeks.*Little interest", re.S))
    expect(group.get_by_role("radio")).to_have_count(4)
    assert group.get_by_role("radio", checked=True).count() == 0
    group.get_by_text("Several days").click()
    expect(page.get_by_role("status").filter(has_text="Sent to your clinic")).to_be_visible()


def test_a_conversation_is_a_log_and_its_field_has_a_name(
    cast: Cast, furnished: dict[str, Any], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.patient_user, viewport={"width": 390, "height": 844})
    page.goto("/messages/")
    log = page.get_by_role("log", name="Conversation")
    expect(log.get_by_role("article")).to_have_count(2)
    field = page.get_by_role("textbox", name="Your message")
    field.fill("One more thing")
    page.get_by_role("button", name="Send").click()
    expect(log.get_by_role("article")).to_have_count(3)
