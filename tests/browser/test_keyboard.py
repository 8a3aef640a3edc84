"""Everything by keyboard alone: into a dialog, around in it, out of it and back; and every place that has the focus shows it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessible import PATIENT, STILL, furnished
from tests.cast import Cast

__all__ = ["furnished"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK_SIZE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
TABS = 14
INSIDE = "dialog => dialog.contains(document.activeElement) || document.activeElement === document.body"
MARKED = """() => {
  const now = document.activeElement, box = now.closest('.search') ?? now, style = getComputedStyle(box);
  const marked = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none';
  return marked || now === document.body ? '' : now.outerHTML.slice(0, 120);
}"""
# What a finger hits: not links inside a sentence (WCAG 2.5.8), nor a box whose whole label can be hit.
SMALL = """() => [...document.querySelectorAll('a, button, summary, select, textarea, label.choice, label.tick, input')]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest('p, dd, td, .note, .skip, .vh, label.choice > *, label.opt, label.tick > *'))
  .filter((node) => node.type !== 'hidden' && !node.matches('.skip') && (node.closest('label') ?? node).getBoundingClientRect().height < 44)
  .map((node) => `${Math.round(node.getBoundingClientRect().height)} px ${node.outerHTML.slice(0, 110)}`)"""


def at_the_desk(cast: Cast, signed_in: Callable[..., Page], **options: Any) -> Page:
    page = signed_in(cast.prescriber, viewport=DESK_SIZE, **options)
    page.goto("/desk/")
    expect(page.locator("#live")).to_be_visible()
    return page


@pytest.mark.parametrize(("opening", "name"), [("Control+k", "Go to"), ("?", "Keys")])
def test_a_dialog_takes_the_focus_keeps_it_and_gives_it_back(
    cast: Cast, signed_in: Callable[..., Page], opening: str, name: str
) -> None:
    page = at_the_desk(cast, signed_in)
    place = page.get_by_role("link", name="Roster and hand-over")
    place.focus()
    page.keyboard.press(opening)
    dialog = page.get_by_role("dialog", name=name)
    expect(dialog).to_be_visible()
    for key in ["Tab"] * TABS + ["Shift+Tab"] * TABS:
        assert dialog.evaluate(INSIDE), "the focus left the dialog"
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(place).to_be_focused()


def test_a_menu_opens_by_enter_and_escape_gives_the_focus_back(cast: Cast, signed_in: Callable[..., Page]) -> None:
    page = at_the_desk(cast, signed_in)
    me = page.locator("summary.me")
    me.focus()
    page.keyboard.press("Enter")
    out = page.get_by_role("button", name="Sign out")
    expect(out).to_be_visible()
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if out.evaluate("node => node === document.activeElement"):
            break
    expect(out).to_be_focused()
    page.keyboard.press("Escape")
    expect(out).to_be_hidden()
    expect(me).to_be_focused()


@pytest.mark.parametrize(("who", "path", "size"), [("patient_user", "/", PHONE), ("prescriber", "/desk/", DESK_SIZE)])
def test_the_first_step_skips_to_the_page_and_every_step_is_seen(
    cast: Cast, signed_in: Callable[..., Page], who: str, path: str, size: dict[str, int]
) -> None:
    page = signed_in(getattr(cast, who), viewport=size, **STILL)
    page.goto(path)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    unseen = []
    for _ in range(TABS):
        page.keyboard.press("Tab")
        unseen.append(page.evaluate(MARKED))
    assert [node for node in unseen if node] == []
    moving = "document.getAnimations().filter((one) => one.effect.getComputedTiming().activeDuration > 1).length"
    assert page.evaluate(moving) == 0, "something moves although the person asked for none of it"


def test_a_finger_hits_whatever_a_patient_taps(
    cast: Cast, furnished: dict[str, Any], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.patient_user, viewport=PHONE, **STILL)
    small = []
    for path in PATIENT:
        page.goto(path.format(**furnished))
        small += [f"{path}: {node}" for node in page.evaluate(SMALL)]
    assert small == [], "\n".join(small)
