"""Music, breathing, the reaction task and the second person's passkey, in a real browser."""

import math
import struct
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect

from apps.accounts.sign_in import verify_address
from apps.core.db.scope import use_clinic
from apps.sessions import actions
from apps.sessions.models import CognitionResult, CountersignPin, MedicationAdministration, SessionEvent
from tests.browser.server import LiveSystem
from tests.browser.test_sign_in import PASSWORD, with_authenticator
from tests.cast import Cast
from tests.treatment.scene import ready
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1440, "height": 900}}
OpenPage = Callable[..., Page]


def sound(seconds: float = 20, hertz: int = 220) -> bytes:
    """A quiet tone as a WAV file of one channel, 8 kHz."""
    rate = 8000
    data = b"".join(
        struct.pack("<h", round(2000 * math.sin(2 * math.pi * hertz * n / rate))) for n in range(int(rate * seconds))
    )
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16,
                       b"data", len(data))  # fmt: skip
    return head + data


def tracks(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin) as admin, transaction.atomic():
        for title, kind, hertz in (("Evening rain", "music", 220), ("One soft tone", "calmer", 110)):
            told = {"title": title, "kind": kind, "licence": "CC0 1.0", "attribution": "made for this clinic"}
            actions.add_track(clinic=cast.clinic, data=sound(hertz=hertz), actor=admin, **told)


def test_music_plays_calmer_fades_to_the_other_track_and_breathing_is_paced(cast: Cast, signed_in: OpenPage) -> None:
    tracks(cast)
    session = ready(cast)
    page = signed_in(cast.patient_user, **PHONE)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)

    def heard() -> list[str]:
        with use_clinic(cast.clinic.pk), transaction.atomic():
            rows = SessionEvent.objects.filter(session=session, kind="music").order_by("occurred_at")
            return list(rows.values_list("text", flat=True))

    page.goto("/session-day/calm/")
    playing = "() => [...document.querySelectorAll('audio')].map((one) => !one.paused)"
    page.evaluate("() => document.querySelector('audio').play()")
    wait_until(lambda: page.evaluate(playing) == [True, False])
    page.get_by_role("button", name="Calmer").click()
    wait_until(lambda: page.evaluate(playing) == [False, True])
    wait_until(lambda: heard() == ["Evening rain", "calmer: One soft tone"])
    page.get_by_role("button", name="Start, with sound").first.click()
    expect(page.get_by_text("Breathe in", exact=True)).to_be_visible()
    expect(page.get_by_text("Breathe out", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    wait_until(lambda: heard() == ["Evening rain", "calmer: One soft tone", "exercise: Breathe slowly"])
    assert faults == []


# What the browser offers to read with: a voice of its own and, named first, one that sends the words away.
VOICES = """([local]) => {
  const spoken = (globalThis.spoken = []);
  const voice = (name, localService) => ({ name, lang: "en-US", localService, default: !localService });
  globalThis.SpeechSynthesisUtterance = class extends EventTarget { constructor(text) { super(); this.text = text; } };
  Object.defineProperty(globalThis, "speechSynthesis", { value: {
    getVoices: () => [voice("far", false), ...(local ? [voice("near", true)] : [])],
    speak: (one) => { spoken.push(`${one.voice.name}: ${one.text}`); setTimeout(() => one.dispatchEvent(new Event("end")), 50); },
    cancel: () => spoken.push("hush"),
  } });
}"""


@pytest.mark.parametrize("local", [True, False])
def test_an_exercise_is_read_aloud_by_a_voice_of_this_device_or_by_none(
    cast: Cast, signed_in: OpenPage, local: bool
) -> None:
    page = signed_in(cast.patient_user, **PHONE)
    page.add_init_script(f"({VOICES})([{str(local).lower()}])")
    page.goto("/session-day/calm/")
    breathing, senses = (page.locator("[data-exercise]").nth(number) for number in range(2))

    def spoken() -> list[str]:
        found: list[str] = page.evaluate("globalThis.spoken.filter((one) => one !== 'hush')")
        return found

    assert spoken() == []
    breathing.get_by_role("button", name="Read aloud").click()
    expect(breathing.get_by_text("Breathe in", exact=True)).to_be_visible()
    if not local:
        expect(breathing.get_by_role("status").first).to_contain_text("no voice of its own")
        assert spoken() == []
        return
    wait_until(lambda: "near: Breathe in" in spoken())
    assert spoken()[0].startswith("near: Sit or lie")
    senses.get_by_role("button", name="Read aloud").click()  # one voice at a time
    expect(breathing.get_by_role("button", name="Read aloud")).to_have_attribute("aria-pressed", "false")
    wait_until(lambda: "near: Name five things that you see." in spoken())
    senses.get_by_role("button", name="Stop").click()
    assert page.evaluate("globalThis.spoken.at(-1)") == "hush"


def test_the_reaction_task_is_done_by_taps_and_kept(cast: Cast, signed_in: OpenPage) -> None:
    page = signed_in(cast.patient_user, **PHONE)
    page.goto("/session-day/reaction/")
    shown = page.evaluate("() => [...document.querySelectorAll('[data-words] li')].map((one) => one.textContent)")
    page.get_by_role("button", name="Start").click()
    field = page.locator("[data-field]")
    expect(field).to_be_visible()
    field.press(" ")  # before the signal: too early, and said so
    expect(page.locator("[data-said]")).to_contain_text("Too early")
    for count in range(1, 9):
        expect(field).to_have_text("Now!")
        field.press(" ")
        if count < 8:
            expect(page.locator("[data-said]")).to_contain_text(f"{count} / 8")
    for word in shown:
        page.get_by_label(word, exact=True).check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("8 / 8")).to_be_visible()
    with use_clinic(cast.clinic.pk), transaction.atomic():
        found = CognitionResult.objects.get()
        assert (found.recalled, found.wrong, found.early) == (8, 0, 1)


def test_a_dose_is_signed_by_a_colleagues_passkey_on_this_screen(
    cast: Cast, browser: Browser, live_system: LiveSystem, signed_in: OpenPage
) -> None:
    session = ready(cast)
    with cast.acting(cast.nurse), transaction.atomic():
        CountersignPin.objects.all().delete()
    verify_address(cast.prescriber)
    page = browser.new_context(base_url=live_system.url, **DESK).new_page()
    with_authenticator(page)
    register(page, cast.prescriber)
    page.context.clear_cookies()
    nurse: list[Any] = signed_in(cast.nurse, **DESK).context.cookies()
    page.context.add_cookies([{"name": one["name"], "value": one["value"], "url": live_system.url} for one in nurse])
    page.goto(session.path)
    form = page.locator("form[data-dose]")
    for name, value in {"dose_mg": "40", "weight_kg": "80", "duration_minutes": "40", "lot": "L-1"}.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=second]").select_option(index=1)
    form.get_by_role("button", name="Confirm with the second person's passkey").click()
    expect(page.locator("form[data-dose]")).to_have_count(0)
    with cast.acting(cast.nurse), transaction.atomic():
        assert cast.prescriber.membership
        assert MedicationAdministration.objects.get().checked_by_id == cast.prescriber.membership.pk


def register(page: Page, user: Any) -> None:
    """They sign in with their password and add the passkey of this device."""
    page.goto("/accounts/login/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/accounts/2fa/")
    page.goto("/accounts/2fa/webauthn/add/")
    if "reauthenticate" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/webauthn/add/**")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(lambda url: "webauthn/add" not in url)
