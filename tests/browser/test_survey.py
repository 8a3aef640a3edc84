"""The form in a real browser: one question a screen, kept on the phone, sent as given, honest about both."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, expect

from apps.alerts.models import Alert
from apps.monitoring.models import ItemAnswer, QuestionnaireResponse, Slot
from tests.cast import Cast
from tests.monitoring.stage import give_all
from tests.monitoring.test_survey_pages import agreed
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}}
OpenPage = Callable[..., Page]


def slot_of(cast: Cast, key: str) -> Slot:
    with transaction.atomic():
        return agreed(cast, key)


def opened(cast: Cast, signed_in: OpenPage, slot: Slot, **options: Any) -> Page:
    page = signed_in(cast.patient_user, **PHONE, **options)
    page.goto(reverse("survey", args=[slot.pk]))
    return page


def in_clinic(cast: Cast, ask: Callable[[], Any]) -> Any:
    with cast.acting(cast.nurse), transaction.atomic():
        return ask()


def choose(page: Page, label: str) -> None:
    page.locator(".question:not([hidden]) .choice", has_text=re.compile(f"^{label}$")).click()


def status(page: Page) -> Any:
    return page.locator("[data-status]")


def test_a_questionnaire_is_one_question_a_screen_and_each_answer_is_sent(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "phq-9")
    page = opened(cast, signed_in, slot)
    expect(page.locator(".question:visible")).to_have_count(1)
    expect(page.locator("[data-progress-words]")).to_have_text("Question 1 of 9")
    for number in range(1, 10):
        choose(page, "Several days" if number < 9 else "Not at all")
        expect(status(page)).to_have_text(re.compile(r"Sent to your clinic \d\d:\d\d"))
        wait_until(lambda number=number: in_clinic(cast, ItemAnswer.objects.count) == number, page=page)  # type: ignore[misc]
        page.locator("[data-next]").click()
    page.wait_for_url(re.compile("/done/"))
    assert in_clinic(cast, QuestionnaireResponse.objects.get).total == 8
    assert page.faults == []  # type: ignore[attr-defined]


def test_the_daily_check_in_takes_few_taps(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "check-in")
    page = opened(cast, signed_in, slot)
    page.locator(".scale input").press("ArrowRight")
    page.locator("[data-next]").click()
    for label in ("Quite well", "Well", "No"):
        choose(page, label)
        page.wait_for_timeout(350)
    expect(page.locator("[data-next]")).to_have_text("Send")
    page.locator("[data-next]").click()
    page.wait_for_url(re.compile("/done/"))
    answers = in_clinic(cast, QuestionnaireResponse.objects.get).answers
    assert answers == {"mood": 51, "medicine": 2, "sleep": 2, "problem": False}


def test_an_untouched_slider_is_no_answer_and_a_skip_is_confirmed_once(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "check-in")
    page = opened(cast, signed_in, slot)
    page.locator("[data-next]").click()
    expect(page.locator("[data-progress-words]")).to_have_text("Question 1 of 5")
    page.locator("[data-skip-yes]").click()
    expect(page.locator("[data-progress-words]")).to_have_text("Question 2 of 5")
    expect(status(page)).to_have_text(re.compile("Sent"))
    row = in_clinic(cast, ItemAnswer.objects.get)
    assert (row.link_id, row.value, row.skipped) == ("mood", None, True)


def test_item_nine_opens_the_card_in_place_with_the_focus_and_one_filled_button(
    cast: Cast, signed_in: OpenPage
) -> None:
    slot = slot_of(cast, "phq-9")
    page = opened(cast, signed_in, slot)
    page.locator("[data-all]").click()
    page.locator('input[name="q9"][value="1"]').check()
    card = page.locator("[data-crisis]")
    expect(card).to_be_visible()
    expect(card.locator("h2")).to_be_focused()
    expect(card.locator('[data-when="sent"]')).to_be_visible()
    expect(card.locator('[data-when="saved"]')).to_be_hidden()
    assert in_clinic(cast, Alert.objects.get).level == "P2"
    card.locator("[data-call-button]").click()
    expect(card.locator("[data-call-status]")).to_have_text(re.compile("We aim to call you by"))
    assert in_clinic(cast, Alert.objects.get).level == "P1"
    card.locator("[data-safe]").click()
    expect(card).to_be_hidden()


def test_without_a_network_the_card_comes_at_once_and_never_says_that_the_team_has_it(
    cast: Cast, signed_in: OpenPage
) -> None:
    slot = slot_of(cast, "phq-9")
    page = opened(cast, signed_in, slot)
    page.locator("[data-all]").click()
    page.context.set_offline(True)
    page.locator('input[name="q9"][value="2"]').check()
    card = page.locator("[data-crisis]")
    expect(card.locator('[data-when="saved"]')).to_be_visible()
    expect(card.locator('[data-when="sent"]')).to_be_hidden()
    expect(status(page)).to_have_text(re.compile("offline"))
    card.locator("[data-call-button]").click()
    expect(card.locator("[data-call-status]")).to_have_text(re.compile("has not gone to your clinic"))
    assert in_clinic(cast, ItemAnswer.objects.count) == 0
    page.context.set_offline(False)
    expect(card.locator('[data-when="sent"]')).to_be_visible()
    wait_until(lambda: in_clinic(cast, Alert.objects.get).level == "P1", page=page)


def test_answers_given_without_a_network_survive_a_reload_and_are_sent_once(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "phq-9")
    page = opened(cast, signed_in, slot)
    page.route("**/answer/", lambda route: route.abort())
    choose(page, "Several days")
    page.locator("[data-next]").click()
    choose(page, "Nearly every day")
    expect(status(page)).to_have_text(re.compile("Saved on this phone"))
    page.reload()
    expect(page.locator("[data-progress-words]")).to_have_text("Question 3 of 9")
    page.unroute("**/answer/")
    page.reload()
    expect(status(page)).to_have_text(re.compile("Sent"))
    wait_until(lambda: in_clinic(cast, ItemAnswer.objects.count) == 2, page=page)
    page.reload()
    rows = in_clinic(cast, lambda: list(ItemAnswer.objects.order_by("link_id").values_list("link_id", "value")))
    assert rows == [("q1", 1), ("q2", 3)]


def test_a_session_that_ends_loses_nothing_and_says_so(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "phq-9")
    page = opened(cast, signed_in, slot)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    choose(page, "Several days")
    expect(status(page)).to_have_text(re.compile("Your session has ended. Your answers are saved on this phone"))
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.goto("/")
    expect(page.locator("[data-waiting-words]")).to_have_text(re.compile("were sent"))
    assert in_clinic(cast, ItemAnswer.objects.get).value == 1


def test_a_form_finished_without_a_network_is_sent_when_it_is_back(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "check-in")
    page = opened(cast, signed_in, slot)
    page.context.set_offline(True)
    page.locator(".scale input").press("End")
    page.locator("[data-next]").click()
    for label in ("A little", "Badly", "No"):
        choose(page, label)
        page.wait_for_timeout(350)
    page.locator("[data-next]").click()
    expect(status(page)).to_have_text(re.compile("offline"))
    page.context.set_offline(False)
    page.wait_for_url(re.compile("/done/"))
    assert in_clinic(cast, QuestionnaireResponse.objects.get).answers["mood"] == 100


def test_going_back_shows_what_was_answered_and_a_change_is_a_new_answer(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "phq-9")
    page = opened(cast, signed_in, slot)
    choose(page, "Several days")
    page.locator("[data-next]").click()
    page.locator("[data-back]").click()
    expect(page.locator('input[name="q1"][value="1"]')).to_be_checked()
    choose(page, "Not at all")
    wait_until(lambda: in_clinic(cast, ItemAnswer.objects.count) == 2, page=page)
    values = in_clinic(cast, lambda: list(ItemAnswer.objects.order_by("received_at").values_list("value", flat=True)))
    assert values == [1, 0]


def test_help_opens_without_a_network_after_one_visit(cast: Cast, signed_in: OpenPage) -> None:
    page = signed_in(cast.patient_user, **PHONE)
    page.goto("/help/")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.context.set_offline(True)
    page.goto("/help/")
    expect(page.locator("h1")).to_have_text("Help now")
    expect(page.locator('a[href="tel:988"]').first).to_be_visible()
    page.goto("/check-in/")
    expect(page.locator("h1")).to_have_text("Help now")
    page.context.set_offline(False)


def test_the_form_is_within_its_budget(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "check-in")
    page = signed_in(cast.patient_user, **PHONE)
    kinds: dict[str, int] = {}

    def count(response: Any) -> None:
        if response.url.endswith(("/sw.js", "/help/")):
            return
        kind = "js" if ".js" in response.url else "css" if ".css" in response.url else "other"
        kinds[kind] = kinds.get(kind, 0) + compressed(response.body())

    page.on("response", count)
    page.goto(reverse("survey", args=[slot.pk]))
    page.wait_for_load_state("networkidle")
    assert kinds["js"] <= 25 * 1024
    assert sum(kinds.values()) <= 40 * 1024


def compressed(body: bytes) -> int:
    """As WhiteNoise sends it: Brotli."""
    import brotli

    return len(brotli.compress(body))


def test_the_list_without_a_script_is_sent_by_one_button(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "check-in")
    page = opened(cast, signed_in, slot, java_script_enabled=False)
    expect(page.locator(".question:visible")).to_have_count(7)
    expect(page.locator('input[type="range"]')).to_have_count(0)
    page.locator('input[name="mood"]').fill("40")
    page.locator('input[name="medicine"][value="1"]').check()
    page.locator('input[name="sleep"][value="1"]').check()
    page.locator('input[name="problem"][value="false"]').check()
    page.locator("[data-send]").click()
    expect(page.locator("h1")).to_have_text("Thank you")
    assert in_clinic(cast, QuestionnaireResponse.objects.get).answers["mood"] == 40


def test_a_problem_that_cannot_wait_opens_its_own_card(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "check-in")
    page = opened(cast, signed_in, slot)
    page.locator("[data-all]").click()
    page.locator('input[name="problem"][value="true"]').check()
    page.locator('input[name="problem_kind"][value="11"]').check()
    card = page.locator("[data-urgent-card]")
    expect(card.locator("h2")).to_be_focused()
    expect(card.locator('a[href="tel:911"]')).to_be_visible()
    expect(card.locator('[data-when="sent"]')).to_be_visible()
    assert in_clinic(cast, Alert.objects.get).cause == "chest-pain"


def test_a_card_stays_with_its_question(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "phq-9")
    with cast.acting(cast.nurse), transaction.atomic():
        give_all(cast, slot, *[1] * 8)
    page = opened(cast, signed_in, slot)
    expect(page.locator("[data-progress-words]")).to_have_text("Question 9 of 9")
    choose(page, "Several days")
    card = page.locator("[data-crisis]")
    expect(card).to_be_visible()
    page.locator("[data-back]").click()
    expect(card).to_be_hidden()
    page.locator("[data-next]").click()
    expect(card).to_be_visible()


def test_at_sign_out_nothing_that_was_typed_stays_on_the_phone(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "phq-9")
    page = opened(cast, signed_in, slot)
    page.route("**/answer/", lambda route: route.abort())
    choose(page, "Several days")
    expect(status(page)).to_have_text(re.compile("Saved on this phone"))
    page.goto(reverse("account_logout"))
    page.locator("form[data-sign-out] button").click()
    page.wait_for_url(lambda url: reverse("account_logout") not in url)
    assert page.evaluate("() => Object.keys(localStorage).filter((key) => key.startsWith('survey:'))") == []
