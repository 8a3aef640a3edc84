"""The doctor elsewhere: sees a summary while the consent stands, answers into the thread, and nothing else."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.db.scope import use_clinic
from apps.messaging.models import Message
from apps.notifications.models import Delivery
from apps.patients.models import Consent, GuestLink
from tests.cast import Cast
from tests.treatment.scene import dosed

pytestmark = pytest.mark.django_db


def invited(cast: Cast) -> str:
    maria = cast.client(cast.patient_user)
    page = reverse("doctors")
    assert maria.post(page, {"name": "Dr Lee"}).status_code == 422  # not agreed
    answer = maria.post(page, {"name": "Dr Lee", "agreed": "on"}).content.decode()
    found = re.search(r"/letter/[^/\"]+/", answer)
    assert found
    return found.group()


def test_the_summary_is_seen_and_answered_into_the_thread_once(cast: Cast) -> None:
    dosed(cast)
    path = invited(cast)
    guest = Client()
    page = guest.get(path).content.decode()
    assert "IV infusion 40" in page
    assert "Dr Ngozi Okafor" in page
    same = {"text": "Please keep the lithium as it is.", "client_id": str(uuid4())}
    assert [guest.post(path, same).status_code for _twice in range(2)] == [200, 200]
    assert guest.post(path, {"text": "  "}).status_code == 422
    with use_clinic(cast.clinic.pk):
        message = Message.objects.get()
        assert message.body == "Through my link, from Dr Lee:\nPlease keep the lithium as it is."
        assert GuestLink.objects.get().uses == 4
    assert guest.get(path.replace("/letter/", "/with/")).status_code == 404  # another purpose


def test_after_taking_it_back_there_is_nothing(cast: Cast) -> None:
    path = invited(cast)
    with use_clinic(cast.clinic.pk):
        link = GuestLink.objects.get()
        assert Consent.objects.get(scope="outside-prescriber").status == "active"
    assert cast.client(cast.patient_2_user).post(reverse("doctor-withdraw", args=[link.pk])).status_code == 404
    assert cast.client(cast.patient_user).post(reverse("doctor-withdraw", args=[link.pk])).status_code == 302
    assert Client().get(path).status_code == 404
    assert Client().post(path, {"text": "hello"}).status_code == 404
    with use_clinic(cast.clinic.pk):
        assert Consent.objects.get(scope="outside-prescriber").status == "inactive"
        assert not Message.objects.exists()


def test_a_reply_that_cannot_be_kept_is_refused_in_words_and_replies_have_an_end(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.sessions.actions.letters.REPLIES_A_DAY", 2)
    path = invited(cast)
    guest, key = Client(), str(uuid4())
    long = "\U0001f33f" * 3000  # 3,000 signs, 12 KB
    said = [{"text": "One", "client_id": key}, {"text": "Two", "client_id": key}, {"text": long}, {"text": "Three"}]
    assert [guest.post(path, one).status_code for one in said] == [200, 422, 422, 200]
    assert guest.post(path, {"text": "Four"}).status_code == 422
    with use_clinic(cast.clinic.pk):
        assert Message.objects.count() == 2
        assert not Message.objects.filter(client_id=key).exists()


def test_nobody_sends_mail_to_strangers_in_the_clinics_name_without_end(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.patients.guest_links.SENT_A_DAY", 1)
    maria = cast.client(cast.patient_user)
    asked = {"name": "Dr Lee", "agreed": "on", "address": "lee@example.org"}
    assert [b"lee@example.org" in maria.post(reverse("doctors"), asked).content for _time in range(2)] == [True, False]
    helper = {"name": "Elena", "days": 2, "address": "elena@example.org"}
    assert b"elena@example.org" not in maria.post(reverse("helpers"), helper).content
    with use_clinic(cast.clinic.pk):
        assert Delivery.objects.filter(subject_kind="guest-link").count() == 1
        assert GuestLink.objects.count() == 3


def test_a_name_in_alerts_and_on_pages_of_others_turns_no_words_round(cast: Cast) -> None:
    maria = cast.client(cast.patient_user)
    maria.post(reverse("doctors"), {"name": "Dr \u202eeeL\u2066\n P1\u200b", "agreed": "on"})
    with use_clinic(cast.clinic.pk):
        assert GuestLink.objects.get().name == "Dr eeL P1"
