"""axe finds nothing on the main pages, light and dark, on a phone and at a desk; they reflow; none breaks the policy."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from playwright.sync_api import Browser, Page

from apps.accounts.models import User
from apps.messaging.actions import open_thread, send_message
from tests.alerts.scene import a_raise
from tests.browser.axe import COLOURS, violations
from tests.browser.server import LiveSystem
from tests.browser.test_survey import slot_of
from tests.browser.watch import Watch
from tests.cast import Cast
from tests.monitoring.stage import give_all
from tests.visits.scene import booked, soon

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = ({"width": 390, "height": 844}, {"width": 1440, "height": 900})
ZOOMED = (195, 320, 640)  # 390 px at 200 %, 1280 px at 400 % and at 200 %
# Transitions would be measured half-way between two colours.
STILL: dict[str, Any] = {"reduced_motion": "reduce"}


@pytest.fixture
def furnished(cast: Cast) -> dict[str, Any]:
    """Every page has something on it."""
    slot = slot_of(cast, "phq-9")
    with cast.acting(cast.nurse), transaction.atomic():
        give_all(cast, slot, 1, 1, 2, 1, 0, 1, 2, 1, 2)
        thread = open_thread(patient=cast.patient)
        for user, body in ((cast.patient_user, "Good morning"), (cast.nurse, "And to you")):
            send_message(thread=thread, body=body, client_id=thread.pk, actor=user)
    with transaction.atomic():
        alert = a_raise(cast.patient_2, "P2", cause="worse", title="PHQ-9 up 7 in 7 days")
    visit = booked(cast, starts_at=soon(10))
    return {"slot": slot.pk, "thread": thread.pk, "alert": alert.pk, "visit": visit.pk, "patient": cast.patient.pk}


@pytest.fixture
def looked_at(browser: Browser, cast: Cast, live_system: LiveSystem) -> Iterator[Callable[..., Page]]:
    """`looked_at(user)`: a page whose breaches of the policy fail the test."""
    watch, opened = Watch(), []

    def open_page(user: User | None) -> Page:
        context = watch.over(browser.new_context(base_url=live_system.url, **STILL))
        opened.append(context)
        if user is not None:
            value = cast.client(user).cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_system.url}])
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()
    assert watch.breaches == []
    assert watch.errors == []


def faults_of(page: Page, path: str) -> list[str]:
    """What axe finds on that page in both sizes and both colour schemes: in the dark by the rules about colours."""
    found = []
    answer = page.goto(path)
    assert answer is not None
    assert answer.ok, f"{path}: {answer.status}"
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for scheme, rules in (("light", ()), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            for violation in violations(page, rules):
                nodes = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
                found.append(f"{path} {scheme} {size['width']}: {violation['id']} ({violation['help']}) at {nodes}")
    return found + [fault for width in ZOOMED for fault in spilled(page, path, width)]


def spilled(page: Page, path: str, width: int) -> list[str]:
    """Does the page scroll sideways at that width: a phone, or a desk, zoomed in?"""
    page.set_viewport_size({"width": width, "height": 450})
    reach = page.evaluate("document.documentElement.scrollWidth")
    return [f"{path}: {reach} px wide on {width}"] if reach > width + 1 else []


PATIENT = [
    "/",
    "/check-in/",
    "/survey/{slot}/",
    "/progress/",
    "/messages/",
    "/visits/",
    "/visits/{visit}/",
    "/more/",
    "/safety-plan/",
    "/call-me/",
    "/my-contacts/",
    "/journal/",
    "/readings/",
]
DESK = [
    "/desk/",
    "/desk/alerts/",
    "/desk/alerts/{alert}/",
    "/desk/patients/",
    "/desk/patients/{patient}/",
    "/desk/patients/{patient}/emergency-contacts/",
    "/desk/messages/",
    "/desk/messages/{thread}/",
    "/desk/visits/",
    "/desk/visits/{visit}/",
    "/desk/roster/",
    "/desk/therapy/",
    "/desk/quality/",
    "/desk/second-person/",
    "/desk/patients/{patient}/history/",
]
PUBLIC = ["/accounts/login/", "/help/"]


@pytest.mark.parametrize(("who", "paths"), [("patient_user", PATIENT), ("prescriber", DESK), ("", PUBLIC)])
def test_axe_finds_nothing(
    cast: Cast, furnished: dict[str, Any], looked_at: Callable[..., Page], who: str, paths: list[str]
) -> None:
    page = looked_at(getattr(cast, who) if who else None)
    found = [fault for path in paths for fault in faults_of(page, path.format(**furnished))]
    assert found == [], "\n".join(found)


def test_axe_would_find_something(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html><body><img src='x.png'><p style='color:#aaa'>Hard to read</p></body></html>")
    ids = {violation["id"] for violation in violations(page)}
    coloured = {violation["id"] for violation in violations(page, COLOURS)}
    page.close()
    assert {"image-alt", "color-contrast", "html-has-lang"} <= ids
    assert coloured == {"color-contrast"}
