"""The desk in a real browser: what another process raises arrives by the socket alone, and nothing jumps."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect

from apps.alerts.actions import acknowledge
from apps.alerts.models import Alert
from apps.core import clock
from apps.core.ids import new_id
from apps.core.models import EngineBeat
from apps.messaging.actions import open_thread, send_message
from tests.browser.cable import Cable, Colleague, colleague
from tests.browser.server import LiveSystem, running_system
from tests.cast import Cast
from tests.desk.conftest import answer_phq9, give_dose, make_alert, write_plan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.querySelectorAll("body *")].filter((node) => node.getBoundingClientRect().right > wide + 1)
    .map((node) => `${node.tagName}.${node.className} ${Math.round(node.getBoundingClientRect().right)}`).slice(0, 12);
}"""
CUT = """() => {
  const cut = [...document.querySelectorAll('.bar h1, .bar .sum, .bar .btn')].filter((node) => node.scrollWidth > node.clientWidth + 1);
  const field = document.getElementById('find'), pen = document.createElement('canvas').getContext('2d');
  pen.font = getComputedStyle(field).font;
  const words = pen.measureText(field.placeholder).width > field.clientWidth ? [field.placeholder] : [];
  return [...cut.map((node) => node.textContent), ...words];
}"""


@pytest.fixture
def other_process(live_system: LiveSystem) -> Iterator[Colleague]:
    with colleague(live_system.port) as found:
        yield found


def at_the_desk(cast: Cast, signed_in: Callable[..., Page], user: Any = None, **options: Any) -> Page:
    page = signed_in(user or cast.nurse, viewport={"width": 1440, "height": 900}, **options)
    page.goto("/desk/")
    expect(page.locator("#live")).to_be_visible()
    return page


def test_nothing_in_the_desks_bar_is_cut(cast: Cast, signed_in: Callable[..., Page]) -> None:
    raised(cast, cast.patient, "P1")
    raised(cast, cast.patient_2, "P2")
    page = at_the_desk(cast, signed_in)
    expect(page.locator(".bar .sum")).to_contain_text("act now")
    assert page.evaluate(CUT) == []


def beat() -> None:
    """An engine that has just left nothing overdue."""
    EngineBeat.objects.update_or_create(
        engine="pump",
        defaults={"host": "here", "pid": 1, "started_at": clock.now(), "finished_ok_at": clock.now()},
    )


def raised(cast: Cast, patient: Any, *args: Any, **more: Any) -> Alert:
    with cast.acting(cast.nurse), transaction.atomic():
        return make_alert(patient, *args, **more)


def only_the_socket(page: Page) -> None:
    page.route("**/*", lambda route: route.abort())


def test_an_alert_of_another_process_arrives_by_the_socket_alone(
    cast: Cast, signed_in: Callable[..., Page], other_process: Colleague
) -> None:
    page = at_the_desk(cast, signed_in)
    expect(page.get_by_text("Nobody needs action now")).to_be_visible()
    only_the_socket(page)
    page.mouse.move(1300, 700)
    committed = other_process.raise_alert(cast.patient, "P1", "PHQ-9 item 9 = 2, was 0", "suicidal-thoughts")
    page.wait_for_selector("tr.is1")
    took = time.time() - committed
    row = page.locator("tr.is1")
    expect(row).to_contain_text("Alvarez, Maria")
    expect(row).to_contain_text("PHQ-9 item 9 = 2, was 0")
    expect(row.get_by_role("button", name="Acknowledge")).to_be_visible()
    expect(page).to_have_title("(1) Worklist · Telek")
    expect(page.get_by_text("Nobody needs action now")).to_be_hidden()
    assert "880" in page.evaluate("() => document.documentElement.dataset.toned")
    print(f"from the commit in the other process to the row {took:.2f} s (goal 2 s)")


def test_nothing_moves_under_the_pointer_and_a_new_act_now_is_seen_at_once(
    cast: Cast, signed_in: Callable[..., Page], other_process: Colleague
) -> None:
    first = raised(cast, cast.patient_2, "P2", cause="worse", title="PHQ-9 up 7 in 7 days")
    page = at_the_desk(cast, signed_in)
    row = page.locator(f"#alert-{first.pk}")
    row.locator("td").nth(2).hover()
    before = row.bounding_box()
    only_the_socket(page)
    other_process.raise_alert(cast.patient, "P1", "PHQ-9 item 9 = 3", "suicidal-thoughts")
    strip = page.locator("[data-notice]")
    expect(strip).to_contain_text("Alvarez, Maria: PHQ-9 item 9 = 3")
    expect(strip).to_contain_text("1 change")
    assert row.bounding_box() == before
    page.mouse.move(1300, 700)
    expect(page.locator("tbody[data-bucket=act-now] tr.is1")).to_contain_text("Alvarez, Maria")
    expect(strip).to_be_hidden()


def test_other_changes_wait_until_they_are_asked_for_and_need_no_request(
    cast: Cast, signed_in: Callable[..., Page], other_process: Colleague
) -> None:
    raised(cast, cast.patient_2, "P2", cause="worse", title="PHQ-9 up 7 in 7 days")
    page = at_the_desk(cast, signed_in)
    only_the_socket(page)
    other_process.raise_alert(cast.patient, "P2", "Phrase of danger in a message", "phrase")
    link = page.get_by_role("link", name="Show them")
    expect(link).to_be_visible()
    expect(page.get_by_text("Phrase of danger in a message")).to_have_count(0)
    link.click()
    expect(page.locator("tbody[data-bucket=worse] tr[data-row]")).to_have_count(2)
    expect(page.get_by_text("Phrase of danger in a message")).to_be_visible()
    expect(link).to_be_hidden()


def test_keys_select_a_row_and_acknowledging_stays_on_the_page(cast: Cast, signed_in: Callable[..., Page]) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        write_plan(cast.patient)
    alert = raised(cast, cast.patient)
    raised(cast, cast.patient_2, "P2", cause="worse", title="PHQ-9 up 7 in 7 days")
    page = at_the_desk(cast, signed_in)
    side = page.get_by_role("complementary")
    expect(side).to_contain_text("ALVAREZ Maria")
    page.keyboard.press("j")
    expect(side).to_contain_text("BRANDT Tobias")
    page.keyboard.press("k")
    expect(side).to_contain_text("ALVAREZ Maria")
    expect(side).to_contain_text("Elena first.")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    row = page.locator(f"#alert-{alert.pk}")
    expect(row).to_contain_text("Rosa Osei")
    expect(row.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(side).to_contain_text("Open the alert")
    assert page.url.endswith("/desk/")
    assert page.faults == []  # type: ignore[attr-defined]


def test_who_is_faster_is_seen_on_the_other_desk(cast: Cast, signed_in: Callable[..., Page]) -> None:
    alert = raised(cast, cast.patient)
    page = at_the_desk(cast, signed_in, cast.prescriber)
    with cast.acting(cast.nurse), transaction.atomic():
        acknowledge(alert=alert, actor=cast.nurse)
    page.evaluate("() => import('/static/js/live.js').then(({live}) => live.check())")
    expect(page.locator(f"#alert-{alert.pk}")).to_contain_text("Rosa Osei")


def test_a_row_that_came_over_the_socket_can_be_acknowledged(
    cast: Cast, signed_in: Callable[..., Page], other_process: Colleague
) -> None:
    page = at_the_desk(cast, signed_in)
    page.mouse.move(1300, 700)
    other_process.raise_alert(cast.patient, "P1", "PHQ-9 item 9 = 2", "suicidal-thoughts")
    page.locator("tr.is1").get_by_role("button", name="Acknowledge").click()
    expect(page.locator("tr.is1")).to_contain_text("Rosa Osei")


def test_whoever_comes_second_is_told_who_was_faster(cast: Cast, signed_in: Callable[..., Page]) -> None:
    alert = raised(cast, cast.patient)
    page = at_the_desk(cast, signed_in, cast.prescriber)
    page.locator(f"#alert-{alert.pk}").get_by_role("button", name="Acknowledge").focus()
    with cast.acting(cast.nurse), transaction.atomic():
        acknowledge(alert=alert, actor=cast.nurse)
    page.keyboard.press("Enter")
    # By the answer to the key, or by the row that was faster still.
    expect(page.get_by_text(re.compile("taken (by|·) Rosa Osei", re.IGNORECASE)).first).to_be_visible()


def test_ctrl_k_goes_to_a_patient(cast: Cast, signed_in: Callable[..., Page]) -> None:
    page = at_the_desk(cast, signed_in)
    page.keyboard.press("Control+k")
    page.keyboard.type("alva")
    expect(page.get_by_role("option", name="Alvarez, Maria")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/patients/{cast.patient.pk}/")
    assert page.faults == []  # type: ignore[attr-defined]


@pytest.fixture
def cable() -> Iterator[Cable]:
    found = Cable()
    yield found
    found.close()


def test_a_pulled_cable_is_said_loudly_an_acknowledgement_is_held_and_sent_when_it_is_back(
    cast: Cast, signed_in: Callable[..., Page], browser: Browser, cable: Cable
) -> None:
    alert = raised(cast, cast.patient)
    origin = f"http://localhost:{cable.port}"
    allowed = {"TELEK_PUBLIC_URL": origin, "TELEK_SOCKET_ORIGINS": origin, "TELEK_TRUSTED_ORIGINS": origin}
    with running_system(**allowed) as system:
        cable.to_port = system.port
        page = signed_in(cast.nurse, viewport={"width": 1440, "height": 900})
        beat()
        page.goto(f"{origin}/desk/")
        expect(page.locator("#live")).to_contain_text("Live")
        cable.pull()
        alarm = page.locator("#alarm")
        expect(alarm).to_contain_text("ALERTS MAY NOT BE ARRIVING")
        row = page.locator(f"#alert-{alert.pk}")
        assert row.locator("[data-countdown]").count() == 0
        expect(page.locator(".frozen")).to_be_visible()
        expect(page.get_by_role("complementary")).to_contain_text("While this screen is not live")
        row.get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_role("complementary")).to_contain_text("not yet received")
        cable.plug_in()
        page.get_by_role("button", name="Try now").click()
        expect(row).to_contain_text("Rosa Osei")
        expect(page.locator(".frozen")).to_have_count(0)
    with cast.acting(cast.nurse), transaction.atomic():
        assert Alert.objects.get(pk=alert.pk).owner_id == cast.nurse.membership.pk


def test_an_engine_that_is_silent_is_said_though_the_socket_lives(cast: Cast, signed_in: Callable[..., Page]) -> None:
    page = at_the_desk(cast, signed_in)
    expect(page.locator("#alarm")).to_contain_text("the alert engine is not answering")
    expect(page.locator(".frozen")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_of_the_desk_fit_their_screen_and_break_no_policy(
    cast: Cast, signed_in: Callable[..., Page], scheme: str, width: int
) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        for days, last in ((20, 0), (9, 0), (1, 2)):
            answer_phq9(cast.patient, days, 1, 1, 2, 2, 1, 2, 2, 1, last)
        give_dose(cast.patient, 10)
        write_plan(cast.patient)
    alert = raised(cast, cast.patient)
    page = signed_in(cast.nurse, viewport={"width": width, "height": 844}, color_scheme=scheme)
    chart = f"/desk/patients/{cast.patient.pk}/"
    for address in (
        "/desk/",
        "/desk/alerts/",
        alert.path,
        chart,
        *(f"{chart}?tab={tab}" for tab in ("answers", "alerts", "safety", "opened")),
    ):
        page.goto(address)
        page.wait_for_timeout(300)
        assert page.evaluate(TOO_WIDE) == [], address
    faults = [fault for fault in page.faults if "503" not in fault]  # type: ignore[attr-defined]
    assert faults == []


def say_something(cast: Cast) -> None:
    with cast.acting(cast.patient_user), transaction.atomic():
        thread = open_thread(patient=cast.patient)
        send_message(thread=thread, body="Good morning", client_id=new_id(), actor=cast.patient_user)


def test_a_message_is_a_change_that_is_said(cast: Cast, signed_in: Callable[..., Page]) -> None:
    page = at_the_desk(cast, signed_in)
    say_something(cast)
    page.evaluate("() => import('/static/js/live.js').then(({live}) => live.check())")
    page.get_by_role("link", name="Show them").click()
    expect(page.locator("tbody[data-bucket=today]")).to_contain_text("Message waiting for an answer")


def test_a_message_that_came_before_the_socket_opened_is_said_too(cast: Cast, signed_in: Callable[..., Page]) -> None:
    page = signed_in(cast.nurse, viewport={"width": 1440, "height": 900})
    page.route("**/js/desk/worklist.js", lambda route: (say_something(cast), route.continue_()))
    page.goto("/desk/")
    page.get_by_role("link", name="Show them").click()
    expect(page.locator("tbody[data-bucket=today]")).to_contain_text("Message waiting for an answer")
    expect(page.locator("#live")).to_be_visible()
    expect(page.get_by_role("link", name="Show them")).to_be_hidden()


def test_the_palette_opens_by_its_button_too(cast: Cast, signed_in: Callable[..., Page]) -> None:
    page = at_the_desk(cast, signed_in)
    page.get_by_role("button", name="Go to a patient or page").click()
    expect(page.get_by_role("option", name="Alerts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Go to a patient or page")).to_be_focused()
