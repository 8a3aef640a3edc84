"""The outbox: what must reach a person outside the page, as rows with a due time.

A delivery carries an address, a template's name and a link; never anything clinical.
"""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Row


class Channel(models.TextChoices):
    """How a person is reached."""

    PUSH = "push", _("push")
    SMS = "sms", _("text message")
    EMAIL = "email", _("email")
    VOICE = "voice", _("phone call")
    IN_APP = "in-app", _("on the page")


class Kind(models.TextChoices):
    """What a delivery is for; life-safety alerts are sent first and never thrown away."""

    ALERT = "1-alert", _("alert")
    VISIT = "2-visit", _("visit")
    MESSAGE = "3-message", _("message")
    REMINDER = "4-reminder", _("reminder")
    ACCOUNT = "5-account", _("account")
    CANARY = "6-canary", _("test of the paging")


class State(models.TextChoices):
    PENDING = "pending", _("waiting")
    LEASED = "leased", _("taken")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    DELIVERED = "delivered", _("delivered")
    CANCELLED = "cancelled", _("no longer wanted")
    UNKNOWN = "unknown", _("perhaps sent")
    DEAD = "dead", _("failed")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Sets of deliveries."""

    def due(self, at: datetime) -> Self:
        """Waiting and wanted by now."""
        return self.filter(state=State.PENDING, not_before__lte=at)


class Delivery(Row):
    """One message to one person over one channel, made once per key.

    dedupe_key: 'alert:{alert}:{cycle}:{step}:{user}:{channel}', 'rem:{slot}:{channel}:{n}',
    'chat:{thread}:{user}:{seq}'. The id of the row is the idempotency key on the wire. `attempt` counts how often
    the row was on the wire; lease_owner is the process that has it, until lease_until by the database's clock.
    """

    clinic_id = models.UUIDField()
    kind = models.CharField(max_length=12, choices=Kind)
    dedupe_key = models.CharField(max_length=200)
    subject_kind = models.CharField(max_length=30)  # 'alert', 'slot', 'thread', 'visit', 'account'
    subject_id = models.UUIDField(null=True)
    recipient_id = models.UUIDField()
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.CharField(max_length=300, blank=True)
    template = models.CharField(max_length=60)
    language = models.CharField(max_length=12, default="en")
    # Clinic name, code, path of a link; nothing clinical. The link goes when the message has gone, or never will:
    # it may carry a token that still opens something (trigger check_move).
    context = models.JSONField(default=dict)
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=200, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)  # a page was accepted with it, a form handed in
    synthetic = models.BooleanField(default=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["clinic_id", "dedupe_key"], name="delivery_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["leased", "sending"]) | Q(lease_until__isnull=False),
                name="delivery_lease_has_end",
            ),
        ]
        indexes = [
            models.Index(fields=["channel", "kind", "not_before"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(fields=["lease_until"], condition=Q(state__in=["leased", "sending"]), name="delivery_leased"),
            models.Index(fields=["clinic_id", "subject_kind", "subject_id"], name="delivery_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.template} by {self.channel}"


class PushSubscription(Row):
    """A browser that takes notifications for a person (Push API): where to send, and the keys that only it can open.

    A contact point of channel push names it by its id. Gone when the browser's push service says so (404, 410).
    """

    clinic_id = models.UUIDField()
    user_id = models.UUIDField()
    endpoint = models.CharField(max_length=1000)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=60)
    label = models.CharField(max_length=80)  # "Firefox on Android", for the person's own list

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic_id", "user_id", "endpoint"], name="push_subscription_once")
        ]

    def __str__(self) -> str:
        return self.label


class DemoMessage(models.Model):
    """What the demo transport 'sent': shown at /demo/outbox/ and nowhere else."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=models.Func(function="telek_now", output_field=models.DateTimeField()))
    key = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=8)
    address = models.CharField(max_length=300)
    subject = models.CharField(max_length=300, blank=True)
    body = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="demo_message_once")]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"
