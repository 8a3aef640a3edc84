"""The one-tap link: looking uses nothing up, Start ties the browser to one form, nothing else opens."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring.links import hash_token, issue
from apps.monitoring.models import ItemAnswer, Slot, SurveyLink
from apps.monitoring.schedule import open_due_slots
from apps.notifications.models import Delivery
from apps.patients.models import Patient
from tests.cast import Cast
from tests.monitoring.stage import give_all, open_slot
from tests.monitoring.test_survey_pages import agreed, answer, send

pytestmark = pytest.mark.django_db


def link_to(cast: Cast, slot: Slot) -> str:
    """The path of a fresh link."""
    with cast.acting(cast.nurse):
        return reverse("survey-link", args=[issue(slot, clock.now())])


def test_only_the_hash_of_a_token_is_stored(cast: Cast) -> None:
    slot = agreed(cast)
    token = link_to(cast, slot).split("/")[2]
    with cast.acting(cast.nurse):
        link = SurveyLink.objects.get()
    assert link.token_hash == hash_token(token)
    assert len(token) == 27


def test_looking_at_a_link_uses_nothing_up_and_names_nobody(cast: Cast) -> None:
    path = link_to(cast, agreed(cast))
    for _look in range(5):
        page = Client().get(path)
        assert page.status_code == 200
    text = page.content.decode()
    assert "Riverside Clinic has a short form for you" in text
    for word in ("Maria", "Alvarez", "20417", "PHQ", "depress", "mood", "survey-answer"):
        assert word.lower() not in re.sub(r"<[^>]+>", " ", text).lower()
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "noindex" in page["X-Robots-Tag"]
    with cast.acting(cast.nurse):
        assert SurveyLink.objects.get().started_at is None


def started(cast: Cast, slot: Slot) -> Client:
    """A browser in which Start was pressed."""
    client = Client(enforce_csrf_checks=True)
    response = client.post(link_to(cast, slot), {"do": "start"}, headers={"Origin": "null"})
    assert response["Location"] == reverse("survey", args=[slot.pk])
    return client


def csrf(client: Client, slot: Slot) -> dict[str, Any]:
    page = client.get(reverse("survey", args=[slot.pk])).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    return {"X-CSRFToken": found[1]}


def test_start_opens_the_form_without_a_token_in_the_address_and_without_a_name(cast: Cast) -> None:
    slot = agreed(cast)
    client = started(cast, slot)
    page = client.get(reverse("survey", args=[slot.pk]))
    text = page.content.decode()
    assert page.status_code == 200
    assert "Little interest or pleasure" in text
    for word in ("Maria", "Alvarez", "20417", "0134"):
        assert word not in text
    assert page["Referrer-Policy"] == "same-origin"  # none at all would make the form of this page look forged
    with cast.acting(cast.nurse):
        assert SurveyLink.objects.get().started_at is not None


def test_an_answer_by_link_is_marked_and_alerts_like_any_other(cast: Cast) -> None:
    slot = agreed(cast)
    client = started(cast, slot)
    response = client.post(
        reverse("survey-answer", args=[slot.pk]),
        answer("q9", 3),
        content_type="application/json",
        headers=csrf(client, slot),
    )
    assert response.json()["crisis"] is True
    with cast.acting(cast.nurse):
        assert ItemAnswer.objects.get().auth_level == "link"
        assert Alert.objects.get().level == "P1"


def test_a_call_can_be_asked_for_by_link(cast: Cast) -> None:
    slot = agreed(cast)
    client = started(cast, slot)
    response = client.post(
        reverse("survey-call", args=[slot.pk]), headers={"Accept": "application/json", **csrf(client, slot)}
    )
    assert "We aim to call you by" in response.json()["message"]


@pytest.mark.parametrize("name", ["patient-home", "checkin", "progress", "more", "safety-plan", "call-me"])
def test_the_link_opens_nothing_else(cast: Cast, name: str) -> None:
    client = started(cast, agreed(cast))
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_the_link_opens_no_other_form_of_the_same_person(cast: Cast) -> None:
    slot = agreed(cast)
    with cast.acting(cast.nurse):
        other = open_slot(cast, "gad-7")
    client = started(cast, slot)
    assert client.get(reverse("survey", args=[other.pk])).status_code == 302


def test_it_can_be_started_again_until_it_is_sent(cast: Cast) -> None:
    slot = agreed(cast)
    path = link_to(cast, slot)
    for _browser in range(3):
        assert Client().post(path, {"do": "start"}).status_code == 302
    with cast.acting(cast.nurse):
        give_all(cast, slot, *[0] * 9)
    client = Client()
    client.post(path, {"do": "start"})
    client.post(reverse("survey-submit", args=[slot.pk]), "{}", "application/json")
    over = Client().get(path)
    assert over.status_code == 410
    assert "This form was sent" in over.content.decode()


def test_after_it_is_sent_the_same_browser_sees_thanks_without_a_score(cast: Cast) -> None:
    slot = agreed(cast)
    with cast.acting(cast.nurse):
        give_all(cast, slot, *[1] * 8, 0)
    client = Client()
    client.post(link_to(cast, slot), {"do": "start"})
    client.post(reverse("survey-submit", args=[slot.pk]), "{}", "application/json")
    text = client.get(reverse("survey-done", args=[slot.pk])).content.decode()
    assert "Thank you" in text
    assert "score" not in text


def test_a_link_dies_after_its_hours_and_the_browser_after_half_an_hour_of_rest(cast: Cast) -> None:
    slot = agreed(cast)
    path = link_to(cast, slot)
    client = Client()
    client.post(path, {"do": "start"})
    clock.shift(timedelta(minutes=29))
    assert client.get(reverse("survey", args=[slot.pk])).status_code == 200
    clock.shift(timedelta(minutes=31))
    idle = client.get(reverse("survey", args=[slot.pk]))
    assert idle.status_code == 403
    assert "your answers are still there" in idle.content.decode()
    assert client.post(path, {"do": "start"}).status_code == 302
    clock.shift(timedelta(hours=48))
    with cast.acting(cast.nurse):
        Slot.objects.filter(pk=slot.pk).update(closes_at=clock.now() + timedelta(hours=2))
    assert Client().get(path).status_code == 410


def test_a_script_in_an_idle_browser_is_told_so_and_may_keep_what_was_typed(cast: Cast) -> None:
    slot = agreed(cast)
    client = Client()
    client.post(link_to(cast, slot), {"do": "start"})
    clock.shift(timedelta(minutes=31))
    refused = send(client, slot, answer("q9", 3))
    assert (refused.status_code, refused.json()["code"]) == (401, "session-over")


@pytest.mark.parametrize("token", ["x", "A" * 27, "A" * 64, "A" * 500, "%00", "..%2f"])
def test_an_unknown_token_gets_a_calm_page_that_says_what_to_do(cast: Cast, token: str) -> None:
    response = Client().get(f"/s/{token}/")
    assert response.status_code == 404
    if "/" not in token and "%" not in token:
        assert "Tap the newest message again" in response.content.decode()


def test_guessing_is_slowed_down(cast: Cast) -> None:
    client = Client()
    found = {client.get(f"/s/{'g' * 20}{number}/").status_code for number in range(40)}
    assert found == {404, 429}


def test_not_me_kills_the_link_and_only_the_link(cast: Cast) -> None:
    slot = agreed(cast)
    path, other = link_to(cast, slot), link_to(cast, slot)
    assert "Thank you for telling us" in Client().post(path, {"do": "not-me"}).content.decode()
    assert Client().get(path).status_code == 410
    assert Client().get(other).status_code == 200


def test_a_shared_phone_switches_every_link_off_also_one_that_was_started(cast: Cast) -> None:
    slot = agreed(cast)
    client = started(cast, slot)
    path = link_to(cast, slot)
    Client().post(path, {"do": "shared"})
    with cast.acting(cast.nurse):
        assert Patient.objects.get(pk=cast.patient.pk).links_off_at is not None
    assert Client().get(path).status_code == 410
    assert client.get(reverse("survey", args=[slot.pk])).status_code == 403


def test_a_post_that_another_site_started_opens_nothing(cast: Cast) -> None:
    path = link_to(cast, agreed(cast))
    client = Client()
    assert client.post(path, {"do": "start"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_link_of_a_closed_form_or_of_somebody_out_of_care_opens_nothing(cast: Cast) -> None:
    slot = agreed(cast)
    path = link_to(cast, slot)
    with cast.acting(cast.nurse):
        Patient.objects.filter(pk=cast.patient.pk).update(status="discharged")
    assert Client().get(path).status_code == 410
    with cast.acting(cast.nurse):
        Patient.objects.filter(pk=cast.patient.pk).update(status="active")
        Slot.objects.filter(pk=slot.pk).update(state="missed", next_step_at=None)
    assert Client().get(path).status_code == 410


def test_staff_who_tap_a_link_stay_themselves(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.nurse)
    client.post(link_to(cast, slot), {"do": "start"})
    assert client.get(reverse("survey", args=[slot.pk])).status_code == 200
    assert client.get(reverse("checkin")).status_code == 403


def test_the_link_of_a_reminder_opens_the_form(cast: Cast, settings: Any) -> None:
    settings.TRANSPORTS = dict.fromkeys(("push", "sms", "email", "voice"), "demo")
    slot = agreed(cast)
    with cast.acting(cast.nurse):
        Patient.objects.filter(pk=cast.patient.pk).update(quiet_from="00:00", quiet_until="00:00")  # whatever the hour
        Slot.objects.filter(pk=slot.pk).update(state="scheduled", next_step_at=clock.now())
        open_due_slots()
        path = Delivery.objects.get(subject_kind="slot").context["link"]
    assert Client().get(path).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_an_unsafe_answer_by_link_is_committed_with_its_alert(cast: Cast) -> None:
    with transaction.atomic():
        slot = agreed(cast)
        path = link_to(cast, slot)
    client = Client()
    client.post(path, {"do": "start"})
    assert send(client, slot, answer("q9", 2)).status_code == 200
    with cast.acting(cast.nurse), transaction.atomic():
        assert ItemAnswer.objects.count() == 1
        assert Alert.objects.count() == 1


@pytest.mark.usefixtures("channels")
def test_pressing_start_is_the_receipt_opened_and_looking_is_none(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        slot = open_slot(cast)
        Slot.objects.filter(pk=slot.pk).update(state="scheduled", next_step_at=clock.now())
        open_due_slots()
        letter = Delivery.objects.get(subject_id=slot.pk)
        path = letter.context["link"]
    for _look in range(2):
        assert Client().get(path).status_code == 200
    with cast.acting(cast.nurse):
        letter.refresh_from_db()
        assert (letter.delivered_at, letter.opened_at) == (None, None)
    Client().post(path, {"do": "start"})
    with cast.acting(cast.nurse):
        letter.refresh_from_db()
        assert letter.opened_at is not None
        assert letter.answered_at is None
