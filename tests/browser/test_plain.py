"""Without JavaScript: sign in, check in, write a message, take an alert. Plain forms do all of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from apps.accounts.sign_in import verify_address
from apps.alerts.models import Alert
from apps.messaging.models import Message
from apps.monitoring.models import ItemAnswer, QuestionnaireResponse
from tests.browser.test_survey import slot_of
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLAIN: dict[str, Any] = {"java_script_enabled": False, "viewport": {"width": 360, "height": 640}}
PLAIN_DESK: dict[str, Any] = {"java_script_enabled": False, "viewport": {"width": 1440, "height": 900}}
OpenPage = Callable[..., Page]


def in_clinic(cast: Cast, ask: Callable[[], Any]) -> Any:
    with cast.acting(cast.nurse), transaction.atomic():
        return ask()


def test_sign_in_without_javascript(cast: Cast, signed_in: OpenPage) -> None:
    with transaction.atomic():
        verify_address(cast.patient_user)
    page = signed_in(None, **PLAIN)
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(cast.patient_user.email)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("a long pass phrase")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Maria")


def test_a_check_in_without_javascript_also_one_that_raises_an_alert(cast: Cast, signed_in: OpenPage) -> None:
    slot = slot_of(cast, "phq-9")
    page = signed_in(cast.patient_user, **PLAIN)
    page.goto("/check-in/")
    page.locator(f"a[href='/survey/{slot.pk}/']").first.click()
    for number in range(1, 10):
        page.locator(f"input[name=q{number}][value='{2 if number == 9 else 1}']").check()
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/done/")
    expect(page.locator("[data-crisis]")).to_be_visible()
    assert in_clinic(cast, lambda: QuestionnaireResponse.objects.get().total) == 10
    assert in_clinic(cast, lambda: Alert.objects.get(cause="suicidal-thoughts").level) == "P1"
    assert set(in_clinic(cast, lambda: list(ItemAnswer.objects.values_list("presentation", flat=True)))) == {"list"}


def test_a_message_without_javascript(cast: Cast, signed_in: OpenPage) -> None:
    phone = signed_in(cast.patient_user, **PLAIN)
    phone.goto("/messages/")
    phone.locator("textarea[name=body]").fill("Can I take it with food?")
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.locator("[data-log] [data-body]")).to_have_text(["Can I take it with food?"])
    thread = in_clinic(cast, lambda: Message.objects.get().thread_id)
    desk = signed_in(cast.nurse, **PLAIN_DESK)
    desk.goto(f"/desk/messages/{thread}/")
    desk.locator("textarea[name=body]").fill("Yes, you can.")
    desk.get_by_role("button", name="Send", exact=False).click()
    phone.reload()
    expect(phone.locator("[data-log] [data-body]")).to_have_text(["Can I take it with food?", "Yes, you can."])


def test_an_alert_is_taken_without_javascript(cast: Cast, signed_in: OpenPage) -> None:
    from tests.alerts.scene import a_raise, fresh

    with transaction.atomic():
        alert = a_raise(cast.patient, "P1", value=2)
    desk = signed_in(cast.nurse, **PLAIN_DESK)
    desk.goto("/desk/")
    desk.get_by_role("button", name="Acknowledge").first.click()
    expect(desk.get_by_text("Rosa Osei").first).to_be_visible()
    taken = fresh(alert)
    assert (taken.state, str(taken.owner.user)) == ("acked", "Rosa Osei")
    assert taken.lease_until - taken.acked_at == timedelta(minutes=15)
