"""Links for people without an account: one purpose, one person, a limited time, and everything else is a 404."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.notifications.models import Delivery
from apps.patients.guest_links import give_link, hash_of, revoke_link
from apps.patients.models import GuestLink
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def given(cast: Cast, purpose: str = "peer", days: int = 2) -> tuple[GuestLink, str]:
    with cast.acting(cast.patient_user) as maria:
        until = clock.now() + timedelta(days=days)
        return give_link(patient=cast.patient, purpose=purpose, name="Elena Ruiz", expires_at=until, actor=maria)


def now_is(cast: Cast, link: GuestLink) -> GuestLink:
    with use_clinic(cast.clinic.pk):
        return GuestLink.objects.get(pk=link.pk)


def test_a_link_opens_its_page_and_only_the_hash_is_stored(cast: Cast) -> None:
    link, path = given(cast)
    answer = Client().get(path)
    words = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"], answer["X-Robots-Tag"]) == (
        200,
        "no-store",
        "noindex, nofollow",
    )
    assert "Maria asks you to be there" in words
    assert not [word for word in ("Alvarez", "20417", "Penicillin", "1992", "Alder") if word in words]
    token = path.strip("/").split("/")[1]
    assert now_is(cast, link).token_hash == hash_of(token)
    assert now_is(cast, link).uses == 1
    with use_clinic(cast.clinic.pk):
        assert AuditEvent.objects.filter(object_id=link.pk, action="read", patient_id=cast.patient.pk).count() == 1


def test_looking_answers_nothing_and_the_last_word_counts(cast: Cast) -> None:
    link, path = given(cast)
    guest = Client()
    guest.get(path)
    assert now_is(cast, link).accepted_at is None
    assert guest.post(path, {"do": "yes"}).status_code == 200
    assert now_is(cast, link).stands
    guest.post(path, {"do": "no"})
    assert (now_is(cast, link).accepted_at, now_is(cast, link).stands) == (None, False)


def test_forged_foreign_ended_and_revoked_links_do_not_exist(cast: Cast) -> None:
    link, path = given(cast, days=1)
    guest = Client()
    assert guest.get("/with/never-made/").status_code == 404
    assert guest.get("/with/" + "x" * 300 + "/").status_code == 404
    with cast.acting(cast.patient_user) as maria:
        revoke_link(link=link, actor=maria)
    assert guest.post(path, {"do": "yes"}).status_code == 404
    assert now_is(cast, link).accepted_at is None
    _link, path = given(cast, days=1)
    clock.shift(timedelta(days=1, minutes=1))
    assert guest.get(path).status_code == 404
    with use_clinic(cast.clinic.pk):
        assert AuditEvent.objects.filter(action="refused", object_type="patients.guestlink").count() == 4


def test_tries_from_one_address_are_limited(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.patients.guest_doors.TRIES", 2)
    guest = Client()
    assert [guest.get(f"/with/guess{n}/").status_code for n in range(4)] == [404, 404, 429, 429]


def test_the_person_asks_somebody_and_takes_the_link_back(cast: Cast) -> None:
    maria = cast.client(cast.patient_user)
    form = {"name": "Elena Ruiz", "days": 7, "address": "(555) 0177-204"}
    answer = maria.post(reverse("helpers"), form)
    assert answer.status_code == 200
    assert "/with/" in answer.content.decode()
    with use_clinic(cast.clinic.pk):
        link = GuestLink.objects.get()
        letter = Delivery.objects.get(subject_id=link.pk)
    assert (letter.channel, letter.address, letter.template) == ("sms", "5550177204", "guest-link")
    assert cast.client(cast.patient_2_user).post(reverse("link-take-back", args=[link.pk])).status_code == 404
    assert maria.post(reverse("link-take-back", args=[link.pk])).status_code == 302
    assert now_is(cast, link).revoked_at is not None
    assert (
        "taken back" in cast.client(cast.nurse).get(reverse("patient-links", args=[cast.patient.pk])).content.decode()
    )


@pytest.mark.parametrize("wrong", [{"name": " "}, {"days": 900}, {"address": "not an address"}, {"address": "@"}])
def test_a_form_that_is_wrong_makes_no_link(cast: Cast, wrong: dict[str, Any]) -> None:
    form = {"name": "Elena Ruiz", "days": 7, "address": ""} | wrong
    assert cast.client(cast.patient_user).post(reverse("helpers"), form).status_code == 422
    with use_clinic(cast.clinic.pk):
        assert not GuestLink.objects.exists()


def test_a_link_holds_for_half_a_year_at_most_and_there_are_not_many_at_once(cast: Cast) -> None:
    with pytest.raises(ValidationError):
        given(cast, days=181)
    with pytest.raises(ValidationError):
        given(cast, days=-1)
    for _each in range(12):
        given(cast)
    with pytest.raises(ValidationError):
        given(cast)
