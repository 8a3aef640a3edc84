"""Admin of what leaves the system: deliveries, read only. Here and not in their app, which stands below clinics."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.clinic_admin import ClinicAdmin
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.notifications.models import Delivery

SHOWN_OF_AN_ADDRESS = 4


@admin.register(Delivery)
class DeliveryAdmin(ClinicAdmin):
    """What went to whom, when, and what became of it. Its link may be a key, so that no words of it are shown."""

    view_needs = (Permission.SEE_DELIVERIES,)
    may_add = may_change = False
    list_display = (
        "created_at",
        "kind",
        "template",
        "recipient",
        "channel",
        "state",
        "attempt",
        "sent_at",
        "delivered_at",
    )
    list_filter = ("state", "kind", "channel", "synthetic")
    ordering = ("-created_at",)
    search_fields = ("dedupe_key", "provider_id")
    fields = (
        ("kind", "template", "language", "synthetic"),
        ("recipient", "channel", "masked_address"),
        ("subject_kind", "subject_id", "dedupe_key"),
        ("state", "attempt", "last_error"),
        ("not_before", "expires_at"),
        ("sent_at", "delivered_at", "opened_at", "provider_id"),
    )
    readonly_fields = ("recipient", "masked_address")

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["context", "address", "lease_owner", "lease_until", "clinic_id"]

    @admin.display(description=_("recipient"))
    def recipient(self, delivery: Delivery) -> str:
        """A person of the clinic, or the clinic's fallback contact."""
        person = User.objects.filter(pk=delivery.recipient_id).first()
        return str(person or _("fallback contact"))

    @admin.display(description=_("address"))
    def masked_address(self, delivery: Delivery) -> str:
        """Enough to tell one from another."""
        return f"…{delivery.address[-SHOWN_OF_AN_ADDRESS:]}" if delivery.address else ""
