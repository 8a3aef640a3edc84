"""Just before the wire: is this page still to be sent?"""

from datetime import timedelta

import pytest
from django.db import transaction

from apps.accounts.models import Membership
from apps.alerts.actions import acknowledge, escalate_now, hand_over, record_contact, resolve
from apps.alerts.models import Alert
from apps.alerts.paging import still_wanted
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.notifications import actions as notifications
from apps.notifications.models import Delivery
from tests.alerts.scene import a_raise, a_record, deliveries
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alert(cast: Cast) -> Alert:
    return a_raise(cast.patient, "P1", value=2)


def wanted(row: Delivery) -> bool:
    """As the sender asks: in the pump's role, without a clinic."""
    with as_role("pump"):
        return still_wanted(row)


def test_the_page_of_an_open_alert_is_wanted(alert: Alert) -> None:
    assert all(wanted(row) for row in deliveries(alert))


def test_no_page_is_wanted_once_somebody_has_the_alert(cast: Cast, alert: Alert) -> None:
    rows = deliveries(alert)
    with cast.acting(cast.therapist):
        acknowledge(alert=alert, actor=cast.therapist)
    assert not any(wanted(row) for row in rows)


def test_a_page_made_after_the_taking_is_wanted(cast: Cast, alert: Alert) -> None:
    old = {row.pk for row in deliveries(alert)}
    with cast.acting(cast.therapist):
        acknowledge(alert=alert, actor=cast.therapist)
        escalate_now(alert=alert, actor=cast.therapist, reason="More hands")
    new = [row for row in deliveries(alert) if row.pk not in old]
    assert new
    assert all(wanted(row) for row in new)


def test_the_colleague_who_is_handed_an_alert_is_still_told_after_contact(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        hand_over(alert=alert, actor=cast.nurse, to=cast.prescriber.membership, reason="Shift ends")
    mine = [row for row in deliveries(alert) if row.recipient_id == cast.prescriber.pk]
    assert mine
    assert all(wanted(row) for row in mine)


def test_nothing_is_wanted_of_a_closed_alert(cast: Cast, alert: Alert) -> None:
    rows = deliveries(alert)
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        resolve(alert=alert, actor=cast.nurse, disposition="safe", text="Spoke, safe.", record=a_record())
    assert not any(wanted(row) for row in rows)


@pytest.mark.parametrize("change", ["left", "patient-now", "switched-off"])
def test_nothing_is_sent_to_somebody_who_may_no_longer_know(cast: Cast, alert: Alert, change: str) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        member = Membership.objects.get(pk=cast.nurse.membership.pk)  # type: ignore[union-attr]
        if change == "left":
            member.ended_at = clock.now() - timedelta(seconds=1)
        elif change == "patient-now":
            member.role = "patient"
        else:
            cast.nurse.is_active = False
            cast.nurse.save()
        member.save()
    assert not any(wanted(row) for row in deliveries(alert))


def test_the_second_channel_is_spared_when_the_first_arrived(cast: Cast, alert: Alert) -> None:
    sms, email = deliveries(alert)
    assert wanted(email)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        notifications.note_receipt(delivery_id=sms.pk)
    assert not wanted(email)


def test_the_fallback_contact_is_no_member_and_is_told_all_the_same(cast: Cast, alert: Alert) -> None:
    row = deliveries(alert)[0]
    row.recipient_id = cast.clinic.pk
    assert wanted(row)


def test_a_page_of_an_alert_that_is_not_there_is_not_wanted(alert: Alert) -> None:
    row = deliveries(alert)[0]
    row.subject_id = row.pk
    assert not wanted(row)
    row.subject_id = None
    assert not wanted(row)
