"""What a phone loads the first time that it opens a form, from the server as a clinic runs it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.browser.server import ROOT, LiveSystem, environment, running_system
from tests.browser.test_survey import slot_of
from tests.cast import Cast

# Together: the files are collected, and the server started, once.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("weight")]

MOST_BYTES = 40 * 1024


@pytest.fixture(scope="module")
def real_system(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSystem]:
    """With hashed, compressed files and persistent connections: nothing of the test settings."""
    folder: Path = tmp_path_factory.mktemp("static")
    more = {"TELEK_TESTING": "0", "TELEK_DEMO": "1", "TELEK_STATIC_ROOT": str(folder)}
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "-v", "0"],
        cwd=ROOT,
        env=environment(0, "app", **more),
        check=True,
    )
    with running_system(**more) as system:
        yield system


@pytest.mark.parametrize("path", ["/check-in/", "/survey/{slot}/"])
def test_a_cold_check_in_page_is_at_most_forty_kilobytes(
    cast: Cast, browser: Browser, real_system: LiveSystem, path: str
) -> None:
    slot = slot_of(cast, "check-in")
    context = browser.new_context(base_url=real_system.url, viewport={"width": 360, "height": 640})
    value = cast.client(cast.patient_user).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": real_system.url}])
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": False})
    loaded: dict[str, int] = {}
    names: dict[str, str] = {}
    network.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    network.on(
        "Network.loadingFinished", lambda event: loaded.update({event["requestId"]: int(event["encodedDataLength"])})
    )
    page.goto(path.format(slot=slot.pk), wait_until="networkidle")
    total = sum(loaded.values())
    report = "\n".join(
        f"{size:7} {names.get(key, key)}" for key, size in sorted(loaded.items(), key=lambda one: -one[1])
    )
    context.close()
    assert total > 5_000, "nothing was measured"
    assert total <= MOST_BYTES, f"{total} bytes:\n{report}"
