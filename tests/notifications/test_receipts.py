"""What a provider tells is believed when it is signed and fresh, noted once, and never turned backwards."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client

from apps.alerts.actions import raise_alert
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.ids import new_id
from apps.notifications import claims
from apps.notifications.models import Delivery, State
from apps.notifications.transports import Accepted
from telek.views.receipts import signature
from tests.cast import Cast
from tests.notifications.conftest import Put

pytestmark = pytest.mark.django_db
PATH = "/provider/receipts"


@pytest.fixture(autouse=True)
def _secret(settings: Any) -> None:
    settings.RECEIPT_SECRET = "the secret of the provider"


def tell(body: Any, *, age: int = 0, sign: str | None = None, **headers: str) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = headers.pop("stamp", str(int(clock.now().timestamp()) - age))
    signed = signature(stamp, raw) if sign is None else sign
    answer = Client(enforce_csrf_checks=True).post(
        PATH,
        raw,
        content_type="application/json",
        headers={"X-Telek-Timestamp": stamp, "X-Telek-Signature": signed, **headers},
    )
    return answer.status_code


def send(row: Delivery) -> None:
    """As a sender would have it: accepted by the provider."""
    owner = uuid4()
    (held,) = claims.lease(owner, channel=row.channel, limit=1)
    assert claims.begin_sending(held, owner)
    assert claims.record_sent(held, owner, Accepted())


@pytest.fixture
def row(cast: Cast, put: Put) -> Delivery:
    with cast.acting(cast.nurse):
        delivery = put()
        send(delivery)
        return delivery


def state(cast: Cast, row: Delivery) -> tuple[str, bool]:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        row.refresh_from_db()
    return row.state, row.opened_at is not None


def test_a_signed_receipt_is_noted_and_a_repeat_changes_nothing(cast: Cast, row: Delivery) -> None:
    told = {"reference": str(row.pk), "status": "delivered"}
    assert tell(told) == 204
    assert state(cast, row) == (State.DELIVERED, False)
    first = row.delivered_at
    assert tell(told) == 204
    state(cast, row)
    assert row.delivered_at == first


def test_delivered_after_opened_does_not_close_it_again(cast: Cast, row: Delivery) -> None:
    tell({"reference": str(row.pk), "status": "opened"})
    tell({"reference": str(row.pk), "status": "delivered"})
    assert state(cast, row) == (State.DELIVERED, True)


def test_failed_after_delivered_changes_nothing(cast: Cast, row: Delivery) -> None:
    tell({"reference": str(row.pk), "status": "delivered"})
    assert tell({"reference": str(row.pk), "status": "failed"}) == 204
    assert state(cast, row) == (State.DELIVERED, False)


@pytest.mark.parametrize("status", ["queued", "sent", "", "déjà vu"])
def test_other_words_are_of_no_interest(cast: Cast, row: Delivery, status: str) -> None:
    assert tell({"reference": str(row.pk), "status": status}) == 204
    assert state(cast, row) == (State.SENT, False)


@pytest.mark.parametrize("sign", ["", "00", "é", "0" * 64])
def test_a_wrong_signature_is_refused(cast: Cast, row: Delivery, sign: str) -> None:
    assert tell({"reference": str(row.pk), "status": "delivered"}, sign=sign) == 403
    assert state(cast, row) == (State.SENT, False)


@pytest.mark.parametrize("age", [301, -301, 86_400])
def test_an_old_or_future_receipt_is_refused_even_with_its_signature(cast: Cast, row: Delivery, age: int) -> None:
    assert tell({"reference": str(row.pk), "status": "delivered"}, age=age) == 403


@pytest.mark.parametrize("stamp", ["", "now", "1e9", "-1", "٣", "9" * 40])
def test_a_time_that_is_none_is_refused(cast: Cast, row: Delivery, stamp: str) -> None:
    assert tell({"reference": str(row.pk), "status": "delivered"}, stamp=stamp) == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b"[" * 9000,
        {"reference": "7", "status": "delivered"},
        {"reference": 7, "status": "delivered"},
        {"status": "delivered"},
    ],
)
def test_what_is_no_receipt_is_refused_without_an_error_of_ours(body: Any) -> None:
    assert tell(body) == 400


def test_two_megabytes_are_not_read() -> None:
    assert tell(b" " * 2_000_000) == 413


def test_an_unknown_message_is_said_to_be_unknown() -> None:
    assert tell({"reference": str(new_id()), "status": "delivered"}) == 404


def test_without_a_secret_nobody_is_heard(row: Delivery, settings: Any) -> None:
    told = {"reference": str(row.pk), "status": "delivered"}
    settings.RECEIPT_SECRET = ""
    assert tell(told) == 404


def test_a_page_that_the_provider_could_not_deliver_goes_another_way_at_once(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        raise_alert(
            patient=cast.patient,
            cause="drill",
            level="P1",
            title="A drill",
            source_kind="call-request",
            source_id=new_id(),
            rule_code="drill",
        )
        page = Delivery.objects.get(channel="sms")
        later = Delivery.objects.get(channel="email").not_before
        send(page)
    assert tell({"reference": str(page.pk), "status": "failed"}) == 204
    with cast.acting(cast.nurse):
        other_way = Delivery.objects.get(channel="email")
        assert other_way.not_before < later
        assert Delivery.objects.get(channel="sms").last_error == "the provider could not deliver it"
