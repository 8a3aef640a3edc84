"""Links for somebody without an account: each for one purpose, one person, a limited time.

The ride home and the guest of a video visit hang on a session and a visit and have tables of their own there.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.core import clock


class LinkPurpose(models.TextChoices):
    """What a link opens: one page each."""

    PEER = "peer", _("stays with me at a session at home")
    PRESCRIBER = "prescriber", _("treats me elsewhere")


class GuestLink(ClinicRow):
    """A link that was given to somebody; only the hash of its token is stored (patients.guest_links).

    subject_id: the session or visit that it is for, if it is for one. accepted_at, declined_at: what they said.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="guest_links")
    purpose = models.CharField(max_length=12, choices=LinkPurpose)
    name = models.CharField(max_length=120)
    subject_id = models.UUIDField(null=True)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    uses = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="guest_link_names_somebody"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(declined_at__isnull=True), name="guest_says_yes_or_no"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "purpose"], name="guest_link_person")]

    def __str__(self) -> str:
        return f"{self.name}, {self.get_purpose_display()}"

    @property
    def is_open(self) -> bool:
        """It opens its page now."""
        return self.revoked_at is None and self.expires_at > clock.now()

    @property
    def stands(self) -> bool:
        """Somebody said yes and the link still holds."""
        return self.is_open and self.accepted_at is not None
