"""Signing in with a passkey, and the cover over a locked desk, in a real browser."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from playwright.sync_api import Browser, Page, expect

from apps.accounts.sign_in import verify_address
from tests.browser.server import LiveSystem
from tests.cast import Cast
from tests.desk.conftest import make_alert

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long pass phrase"


def with_authenticator(page: Page) -> None:
    """A device with a screen lock: user verification, resident keys."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = kind | {"isUserVerified": True, "automaticPresenceSimulation": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_staff_get_a_passkey_and_sign_in_with_it_alone(cast: Cast, browser: Browser, live_system: LiveSystem) -> None:
    verify_address(cast.nurse)
    page = browser.new_context(base_url=live_system.url).new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    with_authenticator(page)
    page.goto("/accounts/login/")
    page.fill("[name=login]", cast.nurse.email)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/accounts/2fa/")  # staff get no further without a second factor
    page.goto("/accounts/2fa/webauthn/add/")
    if "reauthenticate" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/webauthn/add/**")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    assert Authenticator.objects.get(user=cast.nurse, type="webauthn").wrap().is_passwordless
    page.goto("/desk/")
    expect(page.locator("#live")).to_be_attached()

    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url(lambda url: "/accounts/" not in url)
    page.goto("/account/")
    expect(page.locator("body")).to_contain_text(cast.nurse.email)
    assert faults == []


def test_a_locked_desk_is_covered_sounds_without_names_and_keeps_what_was_typed(
    cast: Cast, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.nurse, viewport={"width": 1440, "height": 900})
    page.goto("/desk/")
    expect(page.locator("#live")).to_be_visible()
    page.fill("#find", "half a name")
    page.evaluate(
        """async () => {
          const dialog = document.getElementById("lock"), body = new FormData();
          body.set("do", "lock");
          body.set("csrfmiddlewaretoken", dialog.querySelector("[name=csrfmiddlewaretoken]").value);
          await fetch(dialog.dataset.state, { method: "POST", body });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    cover = page.locator("#lock")
    expect(cover).to_be_visible()
    expect(page.locator(".main")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(cover).to_be_visible()
    with cast.acting(cast.nurse), transaction.atomic():
        make_alert(cast.patient)
    expect(page.locator("[data-lock-alarm]")).to_be_visible()
    assert "Alvarez" not in cover.inner_text()
    page.fill("#lock-password", "not the pass phrase")
    page.press("#lock-password", "Enter")
    expect(page.locator("[data-lock-error]")).to_be_visible()
    page.fill("#lock-password", PASSWORD)
    page.press("#lock-password", "Enter")
    expect(cover).to_be_hidden()
    expect(page.locator("#find")).to_have_value("half a name")
