"""The patient's path in Arabic: nothing spills, nothing of ours is left in English, the card comes as it does in English."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.accounts.actions import choose_language
from apps.alerts.models import Alert
from tests.browser.axe import violations
from tests.browser.server import LiveSystem
from tests.browser.test_accessible import PATIENT, STILL, furnished, spilled
from tests.browser.test_survey import in_clinic, opened, slot_of
from tests.cast import Cast

__all__ = ["furnished"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (320, 390, 1440)
# Words of three Latin letters and more that stand neither in a name, a time, a drawing nor in a piece of its own language.
LEFT_OVER = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const near = walker.currentNode.parentElement;
    if (near.closest('bdi, time, svg, script, noscript, template, option, [lang="en"], .bub, .as-typed, [hidden], .top .end')) continue;
    const words = walker.currentNode.textContent.match(/[A-Za-z]{3,}[A-Za-z ]*/g);
    if (words) found.push(...words);
  }
  return found;
}"""
# Written by people, or names of things: not ours to translate.
NAMES = re.compile(
    r"PHQ|GAD|Lifeline|Suicide|Crisis|America|New York|Okafor|Osei|Maria|sister|Good morning|And to you|Clinic|Example|Riverside|^PDF$"
)


@pytest.fixture
def arabic(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        choose_language(language="ar", actor=cast.patient_user)


@pytest.mark.usefixtures("arabic")
def test_the_patients_pages_read_from_the_right_in_arabic(
    cast: Cast, furnished: dict[str, Any], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.patient_user, **STILL)
    faults = []
    for path in PATIENT:
        path = path.format(**furnished)
        page.goto(path)
        assert page.locator("html").get_attribute("dir") == "rtl"
        faults += [fault for width in WIDTHS for fault in spilled(page, path, width)]
        faults += [f"{path}: {words}" for words in page.evaluate(LEFT_OVER) if not NAMES.search(words)]
        faults += [f"{path}: {one['id']}" for one in violations(page)]
    assert faults == [], "\n".join(faults)


@pytest.mark.usefixtures("arabic")
def test_the_crisis_card_speaks_arabic_and_its_alert_english(cast: Cast, signed_in: Callable[..., Page]) -> None:
    page = opened(cast, signed_in, slot_of(cast, "phq-9"))
    page.locator("[data-all]").click()
    page.locator('input[name="q9"][value="1"]').check()
    card = page.locator("[data-crisis]")
    expect(card.locator("h2")).to_be_focused()
    expect(card).to_contain_text("لست وحدك في هذا.")
    expect(card.locator('[data-when="sent"]')).to_be_visible()
    assert spilled(page, "card", 390) == []
    assert in_clinic(cast, Alert.objects.get).title.startswith("PHQ-9 item 9 = 1")


def test_somebody_at_the_door_switches_the_language(browser: Browser, live_system: LiveSystem, cast: Cast) -> None:
    context = browser.new_context(base_url=live_system.url, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="العربيّة").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("أهلاً بعودتك")
    assert spilled(page, "sign-in", 390) == []
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    context.close()
