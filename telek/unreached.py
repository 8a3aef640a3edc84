"""What happens when a page of an alert is dead: another way to the same person now, or else the administrators."""

from apps.alerts.models import Alert
from apps.alerts.paging import page_administrators
from apps.core import clock
from apps.core.live import wake_pump
from apps.notifications.models import Delivery, Kind, State


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
