"""The client of the live socket, its rule of order in a real browser: once each, in order, gaps asked for."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOG = """async (frames) => {
  const { Topic } = await import("/static/js/live/topic.js");
  const shown = [], asked = [];
  const topic = new Topic("thread:x", (gapped) => asked.push(gapped.followFrame()));
  topic.listeners.add({ onRows() { throw new Error("a listener that fails"); } });
  topic.listeners.add({ onRows: (rows) => shown.push(...rows.map((row) => row.seq)), onReset: () => shown.push("reset") });
  const got = [];
  for (const frame of frames) {
    if (frame.wait) await new Promise((done) => setTimeout(done, frame.wait));
    else got.push(topic.onRows({ head: 99, ...frame, rows: frame.rows.map((seq) => ({ seq })) }).seq);
  }
  return { shown, asked, got };
}"""


@pytest.fixture
def page(signed_in: Callable[..., Page]) -> Page:
    found = signed_in(None)
    found.goto("/accounts/login/")
    return found


def played(page: Page, *frames: dict[str, Any]) -> dict[str, Any]:
    return page.evaluate(LOG, list(frames))


def test_rows_are_shown_once_and_in_order_though_they_come_twice_and_mixed(page: Page) -> None:
    result = played(page, {"rows": [1, 2]}, {"rows": [2, 1, 4]}, {"rows": [3]}, {"rows": [4, 5]})
    assert result["shown"] == [1, 2, 3, 4, 5]
    assert result["got"] == [2, 2, 4, 5]


def test_a_gap_is_asked_for_from_the_last_row_shown_after_half_a_second(page: Page) -> None:
    result = played(page, {"rows": [1]}, {"rows": [3]}, {"wait": 400}, {"rows": [4]}, {"wait": 250})
    assert result["shown"] == [1]
    assert result["asked"] == [{"type": "follow", "topic": "thread:x", "after": 1}]


def test_a_gap_that_closes_in_time_is_not_asked_for(page: Page) -> None:
    result = played(page, {"rows": [1]}, {"rows": [3]}, {"wait": 200}, {"rows": [2]}, {"wait": 700})
    assert result["shown"] == [1, 2, 3]
    assert result["asked"] == []


def test_after_a_reset_everything_begins_again(page: Page) -> None:
    result = played(page, {"rows": [1, 2, 3]}, {"rows": [1], "reset": True, "head": 1})
    assert result["shown"] == [1, 2, 3, "reset", 1]
