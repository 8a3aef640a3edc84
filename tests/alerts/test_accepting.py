"""A page is accepted by its link: one tap, one time, in the name of the person it was sent to, and nothing is shown."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from apps.accounts.models import Membership
from apps.alerts.actions import acknowledge
from apps.alerts.models import Alert, AlertState
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.notifications.keys import delivery_of_token, one_tap_token
from apps.notifications.models import Delivery
from apps.notifications.rendering import letter_of
from tests.alerts.scene import a_raise, fresh
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(cast: Cast) -> Alert:
    return a_raise(cast.patient, title="Item 9: nearly every day")


@pytest.fixture
def path(cast: Cast, alert: Alert) -> str:
    with cast.acting(cast.nurse):
        return f"/p/{one_tap_token(Delivery.objects.get(channel='sms').pk)}/"


def test_the_page_carries_the_link_and_nothing_clinical(cast: Cast, alert: Alert, path: str) -> None:
    with cast.acting(cast.nurse):
        body = letter_of(Delivery.objects.get(channel="sms")).body
    assert path in body
    answer = Client().get(path)
    text = answer.content.decode()
    assert alert.code in text
    assert not [word for word in ("Alvarez", "Maria", "Item 9", "20417", cast.clinic.name) if word in text]
    assert answer["Referrer-Policy"] == "no-referrer"


def test_looking_takes_nothing_and_proves_no_arrival(cast: Cast, alert: Alert, path: str) -> None:
    Client().get(path)
    assert fresh(alert).state == AlertState.OPEN
    with cast.acting(cast.nurse):
        assert Delivery.objects.get(channel="sms").delivered_at is None


def test_one_tap_takes_it_in_the_name_of_the_person(cast: Cast, alert: Alert, path: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(path)
    assert b"You have it" in answer.content
    taken = fresh(alert)
    assert (taken.state, taken.owner and taken.owner.user) == (AlertState.ACKED, cast.nurse)
    assert b"You have it" in Client().get(path).content


def test_who_comes_second_is_told_and_changes_nothing(cast: Cast, alert: Alert, path: str) -> None:
    with cast.acting(cast.prescriber):
        acknowledge(alert=alert, actor=cast.prescriber)
    assert b"A colleague has it" in Client().post(path).content
    owner = fresh(alert).owner
    assert owner
    assert owner.user == cast.prescriber


def test_a_link_works_once_and_for_twelve_hours(cast: Cast, alert: Alert, path: str) -> None:
    Client().post(path)
    with cast.acting(cast.nurse):
        Alert.objects.filter(pk=alert.pk).update(state="open", owner=None)
    assert b"opens nothing now" in Client().post(path).content
    with cast.acting(cast.nurse):
        Delivery.objects.filter(channel="sms").update(answered_at=None)
    clock.shift(timedelta(hours=13))
    assert b"opens nothing now" in Client().post(path).content
    assert fresh(alert).state == AlertState.OPEN


def test_somebody_who_has_left_takes_nothing_with_an_old_link(cast: Cast, alert: Alert, path: str) -> None:
    with cast.acting(cast.nurse):
        Membership.objects.filter(user=cast.nurse).update(ended_at=clock.now())
    assert b"opens nothing now" in Client().post(path).content
    assert fresh(alert).state == AlertState.OPEN


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 5000, "%00", "..", "é"])
def test_a_token_that_nobody_made_is_not_found(alert: Alert, token: str) -> None:
    assert Client().get(f"/p/{token}/").status_code == 404
    assert Client().post(f"/p/{token}/").status_code == 404


def test_a_token_that_was_tampered_with_is_not_found(path: str) -> None:
    token = path.split("/")[2]
    changed = [
        token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(len(token))
    ]
    assert [delivery_of_token(one) for one in changed] == [None] * len(token)


def test_another_site_cannot_send_the_tap(alert: Alert, path: str) -> None:
    assert Client().post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 404
    assert fresh(alert).state == AlertState.OPEN


def test_a_message_that_has_gone_keeps_no_link(cast: Cast, alert: Alert) -> None:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        row = Delivery.objects.get(channel="sms")
        assert "link" in row.context
        for state in ("leased", "sending", "sent"):
            Delivery.objects.filter(pk=row.pk).update(state=state, lease_until=clock.now())
        row.refresh_from_db()
    assert "link" not in row.context
    assert row.context["code"] == alert.code


def test_who_is_only_told_gets_no_link_that_takes_it(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        row = Delivery.objects.get(channel="sms")
        row.template = "alert_uncovered"
        letter = letter_of(row)
    assert "/p/" not in letter.body
    assert letter.link.endswith(alert.path)
