"""Messages in a real browser: live on both sides, kept on the phone while offline, sent once and in order."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from PIL import Image
from playwright.sync_api import Page, expect

from apps.alerts.models import Alert
from apps.core.ids import new_id
from apps.messaging.actions import open_thread, send_message
from apps.messaging.models import Message, ReadMark, Thread
from apps.messaging.ready_answers import write_first_answers
from tests.browser.axe import COLOURS, violations
from tests.cast import Cast
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1440, "height": 900}}
OpenPage = Callable[..., Page]


def in_clinic(cast: Cast, ask: Callable[[], Any]) -> Any:
    with cast.acting(cast.nurse), transaction.atomic():
        return ask()


def bodies(cast: Cast) -> list[str]:
    return in_clinic(cast, lambda: list(Message.objects.order_by("seq").values_list("body", flat=True)))


@pytest.fixture(autouse=True)
def _heard_by_the_server(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """What the test itself writes is told to the server's sockets, as another process of the same system would."""
    monkeypatch.setitem(settings.CHANNEL_LAYERS["default"]["CONFIG"], "prefix", "telek")


@pytest.fixture
def thread(cast: Cast) -> Thread:
    return in_clinic(cast, lambda: open_thread(patient=cast.patient))


@pytest.fixture
def phone(cast: Cast, thread: Thread, signed_in: OpenPage) -> Page:
    page = signed_in(cast.patient_user, **PHONE)
    page.goto("/messages/")
    return page


@pytest.fixture
def desk(cast: Cast, thread: Thread, signed_in: OpenPage) -> Page:
    page = signed_in(cast.nurse, **DESK)
    page.goto(f"/desk/messages/{thread.pk}/")
    return page


def write(page: Page, words: str) -> None:
    page.locator("textarea[name=body]").fill(words)
    page.locator("[data-composer] button", has_text="Send").click()


def is_drawn(page: Page) -> bool:
    return bool(page.evaluate("document.querySelector('.bub img').naturalWidth === 80"))


def shown(page: Page) -> Any:
    return page.locator("[data-log] [data-body]")


def test_who_writes_is_seen_on_the_other_side_until_the_message_comes(phone: Page, desk: Page) -> None:
    expect(desk.locator("[data-typing]")).to_be_hidden()
    said = desk.locator("[data-typing]", has_text="Maria Alvarez is writing")

    def seen_after_a_letter() -> bool:  # what is typed before both sides are connected reaches nobody, and need not
        phone.locator("textarea[name=body]").press_sequentially("a")
        return said.is_visible()

    wait_until(seen_after_a_letter, page=desk)
    write(phone, "Hello")
    expect(desk.locator("[data-typing]")).to_be_hidden()
    expect(phone.locator("[data-typing]")).to_be_hidden()


def test_a_message_and_its_answer_arrive_on_the_other_side_without_a_reload(
    cast: Cast, phone: Page, desk: Page
) -> None:
    write(phone, "Is it all right to drive?\nOn Saturday?")
    expect(shown(desk)).to_have_text(["Is it all right to drive?\nOn Saturday?"])
    expect(phone.locator(".msg.me .state")).to_have_text(re.compile(r"^\d\d:\d\d · Seen by Rosa Osei \d\d:\d\d$"))
    desk.locator("textarea[name=body]").fill("Please wait until Sunday.")
    desk.locator("textarea[name=body]").press("Control+Enter")
    expect(shown(phone)).to_have_text([re.compile("Is it all right"), "Please wait until Sunday."])
    expect(phone.locator(".who")).to_have_text(re.compile(r"^Rosa Osei, nurse · \d\d:\d\d$"))
    expect(desk.locator("[data-log] .us small")).to_have_text(re.compile("Seen by Maria Alvarez"))
    expect(phone.locator(".day")).to_have_text(["Today"])
    assert phone.faults == desk.faults == []  # type: ignore[attr-defined]


def test_what_is_written_offline_survives_a_reload_and_is_sent_in_order_and_once(cast: Cast, phone: Page) -> None:
    order = ["Before", "First of the queue", "Second of the queue"]
    write(phone, "Before")
    expect(phone.locator(".msg.me:not(.wait)")).to_have_count(1)
    phone.context.set_offline(True)
    expect(phone.locator("[data-offline]")).to_be_visible()
    write(phone, "First of the queue")
    write(phone, "Second of the queue")
    waiting = phone.locator(".msg.wait")
    expect(waiting).to_have_count(2)
    expect(waiting.first.locator("[data-state]")).to_have_text("On this phone, sends when online")
    kept = phone.evaluate("JSON.stringify(localStorage)")
    assert "First of the queue" in kept
    phone.context.set_offline(False)
    phone.reload()
    expect(phone.locator(".msg.me:not(.wait)")).to_have_text([re.compile(words) for words in order])
    expect(phone.locator(".msg.wait")).to_have_count(0)
    assert bodies(cast) == order
    assert "First of the queue" not in phone.evaluate("JSON.stringify(localStorage)")


def test_a_queue_left_behind_by_a_closed_page_is_sent_under_its_own_client_ids(
    cast: Cast, thread: Thread, phone: Page
) -> None:
    key, client = f"chat:{cast.patient_user.pk}:{thread.pk}", str(new_id())
    item = {"client": client, "body": "Sent, but never confirmed", "state": "sending", "tried": False, "words": ""}

    def arrived() -> None:
        send_message(thread=thread, body=item["body"], client_id=client, actor=cast.patient_user)

    in_clinic(cast, arrived)
    phone.evaluate("([key, item]) => localStorage.setItem(key, JSON.stringify([item]))", [key, item])
    phone.reload()
    phone.wait_for_function("key => localStorage.getItem(key) === null", arg=key)
    expect(shown(phone)).to_have_text([item["body"]])
    assert bodies(cast) == [item["body"]]
    assert phone.faults == []  # type: ignore[attr-defined]


def test_a_waiting_message_can_be_taken_back_and_changed(cast: Cast, phone: Page) -> None:
    expect(phone.locator("[data-composer]")).to_be_visible()
    phone.context.set_offline(True)
    expect(phone.locator("[data-offline]")).to_be_visible()
    write(phone, "I did not mean that")
    phone.locator("[data-change]:visible").click()  # the strip does not lie over it
    expect(phone.locator("textarea[name=body]")).to_have_value("I did not mean that")
    write(phone, "I meant this")
    phone.context.set_offline(False)
    expect(phone.locator(".msg.wait")).to_have_count(0)
    assert bodies(cast) == ["I meant this"]


def test_a_refused_message_stays_with_its_reason_and_the_next_one_goes(cast: Cast, phone: Page) -> None:
    write(phone, "ä" * 5000)
    expect(phone.locator(".msg.wait.no [data-state]")).to_have_text("The message is too long. Please send it in parts.")
    write(phone, "Short")
    expect(phone.locator(".msg.me:not(.wait)")).to_have_count(1)
    assert bodies(cast) == ["Short"]
    expect(phone.locator(".msg.wait.no [data-change]")).to_be_visible()


def test_where_the_socket_is_refused_messages_go_as_the_form_would_send_them(
    cast: Cast, thread: Thread, signed_in: OpenPage
) -> None:
    page = signed_in(cast.patient_user, **PHONE)
    page.route_web_socket(re.compile("/ws/"), lambda socket: socket.close(code=1013))
    page.goto("/messages/")
    write(page, "Without a socket")
    expect(page.locator(".msg.me:not(.wait) [data-state]")).to_have_text("Sent, not seen yet")
    assert bodies(cast) == ["Without a socket"]


def test_a_gap_is_filled_when_the_connection_is_back(cast: Cast, thread: Thread, phone: Page) -> None:
    write(phone, "Hello")
    expect(phone.locator(".msg.me:not(.wait)")).to_have_count(1)
    phone.context.set_offline(True)

    def answers() -> None:
        for words in ("One", "Two", "Three"):
            send_message(thread=thread, body=words, client_id=new_id(), actor=cast.nurse)

    in_clinic(cast, answers)
    write(phone, "Four")
    phone.context.set_offline(False)
    expect(shown(phone)).to_have_text(["Hello", "One", "Two", "Three", "Four"])


def test_a_phrase_of_danger_shows_help_at_once_also_offline(cast: Cast, phone: Page) -> None:
    expect(phone.locator("[data-composer]")).to_be_visible()
    phone.context.set_offline(True)
    write(phone, "I don\u2019t want to live")
    card = phone.locator("[data-crisis]")
    expect(card).to_be_visible()
    expect(card.locator("h2")).to_be_focused()
    expect(card.locator("h2")).to_be_in_viewport()
    expect(card.locator("[data-when=saved]")).to_be_visible()
    expect(card.locator('a[href="tel:988"]')).to_be_visible()
    phone.context.set_offline(False)
    expect(card.locator("[data-when=sent]")).to_be_visible()
    assert in_clinic(cast, Alert.objects.get).cause == "phrase"
    phone.reload()
    expect(card.locator("h2")).to_be_in_viewport()
    phone.evaluate("scrollTo(0, 0)")
    write(phone, "I am suicidal")
    expect(card.locator("h2")).to_be_in_viewport()
    expect(phone.locator(".msg.me:not(.wait)")).to_have_count(2)


def test_messages_are_read_only_while_the_page_is_looked_at(cast: Cast, thread: Thread, signed_in: OpenPage) -> None:
    page = signed_in(cast.patient_user, **PHONE)
    page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => !window.looked})")
    page.goto("/messages/")
    in_clinic(cast, lambda: send_message(thread=thread, body="News", client_id=new_id(), actor=cast.nurse))
    expect(shown(page)).to_have_text(["News"])
    page.wait_for_timeout(500)
    marks = ReadMark.objects.filter(user=cast.patient_user, seq__gt=0)
    assert not in_clinic(cast, marks.exists)
    page.evaluate("window.looked = true; document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(lambda: in_clinic(cast, marks.exists), page=page)
    assert in_clinic(cast, lambda: marks.get().seq) == 1


def test_the_desks_list_follows_what_happens(cast: Cast, thread: Thread, signed_in: OpenPage) -> None:
    page = signed_in(cast.nurse, **DESK)
    page.goto("/desk/messages/")
    expect(page.locator(".tlist")).to_contain_text("Nobody waits for an answer.")
    expect(page.locator("#live")).to_be_visible()
    in_clinic(cast, lambda: send_message(thread=thread, body="Hello?", client_id=new_id(), actor=cast.patient_user))
    expect(page.locator(".tlist li")).to_contain_text("Alvarez, Maria")
    expect(page.locator(".tlist .wt")).to_contain_text("0 min")
    in_clinic(cast, lambda: send_message(thread=thread, body="Yes?", client_id=new_id(), actor=cast.therapist))
    expect(page.locator(".tlist li")).to_have_count(0)
    assert page.faults == []  # type: ignore[attr-defined]


def test_a_draft_survives_a_reload(phone: Page) -> None:
    phone.locator("textarea[name=body]").fill("Half a sent")
    phone.reload()
    expect(phone.locator("textarea[name=body]")).to_have_value("Half a sent")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_a_message_is_sent_and_read(
    cast: Cast, thread: Thread, signed_in: OpenPage, scheme: str
) -> None:
    in_clinic(cast, lambda: send_message(thread=thread, body="Hello Maria", client_id=new_id(), actor=cast.nurse))
    page = signed_in(cast.patient_user, java_script_enabled=False, color_scheme=scheme, **PHONE)
    page.goto("/messages/")
    page.get_by_role("button", name="I have read these").click()
    page.wait_for_url("**/messages/")
    write(page, "Good morning")
    page.wait_for_url("**/messages/#m2")
    expect(shown(page)).to_have_text(["Hello Maria", "Good morning"])
    assert in_clinic(cast, lambda: ReadMark.objects.get(user=cast.patient_user).seq) == 2


def faults_of(page: Page) -> list[str]:
    """What axe finds on the page as it stands, light and (by the rules about colours) dark."""
    found = []
    for scheme, rules in (("light", ()), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.wait_for_timeout(100)
        for violation in violations(page, rules):
            found.append(f"{page.url} {scheme}: {violation['id']} at {violation['nodes'][0]['target']}")
    return found


def test_axe_finds_nothing_on_a_waiting_message_the_help_card_and_the_verbs(
    cast: Cast, thread: Thread, phone: Page, desk: Page
) -> None:
    write(phone, "I am suicidal")
    expect(phone.locator("[data-crisis]")).to_be_visible()
    expect(shown(desk)).to_have_count(1)
    phone.context.set_offline(True)
    write(phone, "Still here")
    expect(phone.locator(".msg.wait")).to_have_count(1)
    found = faults_of(phone) + faults_of(desk)
    phone.context.set_offline(False)
    phone.goto("/messages/find/?q=still")
    found += faults_of(phone)
    for path in (
        f"/desk/messages/{thread.pk}/hand-over/",
        f"/desk/messages/{thread.pk}/alert/1/",
        "/messages/find/?q=suicidal",
    ):
        desk.goto(path)
        found += faults_of(desk)
    assert found == [], "\n".join(found)


def test_a_photo_and_a_ready_answer_go_their_way_by_keys_alone_and_offline_nothing_is_lost(
    cast: Cast, phone: Page, desk: Page, tmp_path: Any
) -> None:
    picture = tmp_path / "rash.jpg"
    Image.new("RGB", (80, 60), "teal").save(picture)
    phone.context.set_offline(True)
    phone.locator("[data-file]").set_input_files(picture)
    expect(phone.locator("[data-file-state]")).to_contain_text("need a connection")
    write(phone, "Is this from the tape?")
    expect(phone.locator("textarea[name=body]")).to_have_value("Is this from the tape?")
    phone.context.set_offline(False)
    expect(phone.locator("[data-file-state]")).to_be_hidden()
    phone.locator("[data-composer] button", has_text="Send").click()
    for page in (phone, desk):
        expect(page.locator(".bub img")).to_have_count(1)
        wait_until(partial(is_drawn, page), page=page)
    in_clinic(cast, lambda: write_first_answers(clinic=cast.clinic, actor=cast.nurse))
    desk.reload()
    desk.locator("textarea[name=body]").press("/")
    desk.locator("[data-ready-find]").fill("talk phone")
    desk.keyboard.press("Enter")
    expect(desk.locator("textarea[name=body]")).to_have_value(re.compile("talk about this on the phone"))
    expect(desk.locator("textarea[name=body]")).to_be_focused()
    desk.keyboard.press("Control+Enter")
    expect(shown(phone).last).to_contain_text("talk about this on the phone")
    assert bodies(cast)[0] == "Is this from the tape?"
