"""A real Chromium against the real server. Cookies come from the cast, so that no test signs in by hand."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from apps.accounts.models import User
from tests.browser.server import LiveSystem, running_system
from tests.browser.watch import is_fault
from tests.browser_gate import installed_browser
from tests.cast import Cast
from tests.waiting import PATIENCE_SECONDS

# Playwright's synchronous interface keeps an event loop in this thread; the test's own queries are no danger to it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# Without a GPU the page is drawn and the test picture encoded by the processor: five pictures a second are enough.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream=fps=5",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="session")
def live_system(django_db_setup: None) -> Iterator[LiveSystem]:
    """uvicorn on the test database, on a free loopback port."""
    with running_system() as system:
        yield system


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Drives every browser of the run."""
    expect.set_options(timeout=PATIENCE_SECONDS * 1_000)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """An installed Chromium with a fake camera and microphone, both allowed."""
    chromium = playwright.chromium.launch(executable_path=installed_browser(), args=FLAGS)
    yield chromium
    chromium.close()


@pytest.fixture
def shy_browser(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium whose person allows neither camera nor microphone."""
    chromium = playwright.chromium.launch(executable_path=installed_browser(), args=FLAGS[:3])
    yield chromium
    chromium.close()


@pytest.fixture
def signed_in(cast: Cast, browser: Browser, live_system: LiveSystem) -> Iterator[Callable[..., Page]]:
    """`page = signed_in(user, viewport={...})`: a page in a context of its own, signed in as that person.

    Whatever the page says in error on its console is kept in `page.faults`.
    """
    opened: list[BrowserContext] = []

    def open_page(user: User | None, *, browser: Browser = browser, **options: Any) -> Page:
        context = browser.new_context(base_url=live_system.url, **options)
        opened.append(context)
        cookies = cast.client(user).cookies if user else {}
        names = [settings.SESSION_COOKIE_NAME] if user else []
        context.add_cookies([{"name": name, "value": cookies[name].value, "url": live_system.url} for name in names])
        page = context.new_page()
        page.faults = []  # type: ignore[attr-defined]
        page.on("console", lambda message: is_fault(message) and page.faults.append(message.text))  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
        return page

    yield open_page
    for context in opened:
        context.close()
