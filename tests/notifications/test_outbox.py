"""The outbox: one row a key, taken back while it has not gone out, receipts that never go backwards."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.core import clock
from apps.core.ids import new_id
from apps.notifications.actions import cancel, note_receipt, queue
from apps.notifications.models import Delivery, State
from tests.cast import Cast

pytestmark = pytest.mark.django_db
SUBJECT = new_id()


def put(cast: Cast, **changes: Any) -> Delivery | None:
    given: dict[str, Any] = {
        "clinic_id": cast.clinic.pk,
        "kind": "4-reminder",
        "dedupe_key": "rem:1:sms:1",
        "subject_kind": "slot",
        "subject_id": SUBJECT,
        "recipient_id": cast.patient_user.pk,
        "channel": "sms",
        "address": "+15550100",
        "template": "survey_due",
        "context": {"clinic": "Riverside Clinic", "link": "/s/abc/"},
    }
    return queue(**(given | changes))


def test_the_second_delivery_with_a_key_is_not_made(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        assert put(cast) is not None
        assert put(cast) is None
        assert Delivery.objects.count() == 1


def test_the_same_key_in_two_clinics_is_two_deliveries(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        assert put(cast) is not None
    with cast.acting(cast.other_prescriber):
        assert put(cast, clinic_id=cast.other_clinic.pk) is not None


def test_what_the_page_itself_shows_counts_as_delivered(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        row = put(cast, channel="in-app", address="")
    assert row is not None
    assert row.state == State.DELIVERED
    assert row.delivered_at == row.sent_at is not None


def test_an_unknown_channel_is_refused(cast: Cast) -> None:
    with cast.acting(cast.nurse), pytest.raises(ValueError, match="pigeon"):
        put(cast, channel="pigeon")


@pytest.mark.parametrize(("state", "after"), [("pending", "cancelled"), ("leased", "cancelled"), ("sent", "sent")])
def test_cancelling_takes_back_what_has_not_gone_out(cast: Cast, state: str, after: str) -> None:
    with cast.acting(cast.nurse):
        row = put(cast)
        assert row is not None
        Delivery.objects.filter(pk=row.pk).update(state="leased", lease_until=clock.now())
        if state == "sent":
            Delivery.objects.filter(pk=row.pk).update(state="sending")
            Delivery.objects.filter(pk=row.pk).update(state="sent")
        assert cancel(subject_kind="slot", subject_id=SUBJECT) == int(state != after)
        row.refresh_from_db()
        assert row.state == after


def test_cancelling_one_kind_leaves_the_others(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        put(cast)
        put(cast, kind="1-alert", dedupe_key="alert:1")
        assert cancel(subject_kind="slot", subject_id=SUBJECT, kind="4-reminder") == 1
        assert Delivery.objects.get(kind="1-alert").state == State.PENDING


def test_a_receipt_is_noted_once_and_never_goes_backwards(cast: Cast) -> None:
    first = clock.now()
    with cast.acting(cast.nurse):
        row = put(cast)
        assert row is not None
        assert note_receipt(delivery_id=row.pk, opened=True, at=first)
        assert note_receipt(delivery_id=row.pk, opened=True, at=first + timedelta(hours=1))
        row.refresh_from_db()
    assert (row.state, row.delivered_at, row.opened_at) == (State.DELIVERED, first, first)


def test_a_receipt_for_nothing_is_told(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        assert not note_receipt(delivery_id=UUID(int=0))


def test_another_clinic_cannot_note_a_receipt(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        row = put(cast)
    assert row is not None
    with cast.acting(cast.other_prescriber):
        assert not note_receipt(delivery_id=row.pk)
