"""What happens when a message certainly does not arrive: another way to the same person.

A page of an alert: the ways that waited are due at once, and without any the administrators are told. A reminder: the
next channel that the person has left on, at most two messages about one form over all channels; after `unknown`
(perhaps it went out) nothing follows.
"""

from uuid import UUID

from apps.accounts.models import ContactPoint
from apps.alerts.models import Alert
from apps.alerts.paging import page_administrators
from apps.core import clock
from apps.core.live import wake_pump
from apps.monitoring import schedule
from apps.notifications.models import Channel, Delivery, Kind, PushSubscription, State


def reach_otherwise(delivery: Delivery) -> None:
    """For a delivery that is dead, or that the provider could not deliver. In the transaction that records it."""
    if delivery.channel == Channel.PUSH:
        forget_if_gone(delivery)
    if delivery.subject_kind == "alert":
        page_otherwise(delivery)
    elif delivery.subject_kind == "slot":
        schedule.remind_otherwise(delivery)


def forget_if_gone(delivery: Delivery) -> None:
    """A browser that its push service no longer knows is no way to reach anybody."""
    numbers = _uuids(delivery.address)  # none: an address of another kind of push, which says nothing of this sort
    if numbers and not PushSubscription.objects.filter(pk__in=numbers).exists():
        points = ContactPoint.objects.filter(
            clinic_id=delivery.clinic_id, user_id=delivery.recipient_id, channel="push"
        )
        points.filter(address=delivery.address).delete()


def _uuids(text: str) -> list[UUID]:
    try:
        return [UUID(text)]
    except ValueError:
        return []


def page_otherwise(delivery: Delivery) -> None:
    """In the transaction that records the death. Ways that wait for this one to stay silent are due at once."""
    now = clock.now()
    other_ways = Delivery.objects.filter(
        clinic_id=delivery.clinic_id,
        kind=Kind.ALERT,
        subject_id=delivery.subject_id,
        recipient_id=delivery.recipient_id,
        context__page=delivery.context.get("page"),
        state=State.PENDING,
    )
    if other_ways.update(not_before=now):
        wake_pump()
        return
    alert = Alert.objects.select_related("clinic").filter(pk=str(delivery.subject_id)).get()
    page_administrators(alert, now, template="alert_failed", key=f"dead-{now:%Y%m%d%H}")
