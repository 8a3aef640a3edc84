"""The third person in a call: an interpreter or somebody of the family, by a link, without an account."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.sessions.models.visits import Visit

GUEST_ROLES = [("interpreter", _("interpreter")), ("family", _("family")), ("captioner", _("captioner"))]


class VisitGuest(ClinicRow):
    """One invitation to one visit. Only the hash of the link's token is stored; one guest at a time.

    The patient agrees, the guest asks in (which ties the link to one browser), the clinician admits.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="guests")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=12, choices=GUEST_ROLES)
    invited_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()  # of the link; once admitted, of the place in the call
    agreed_at = models.DateTimeField(null=True)  # the patient's yes
    asked_at = models.DateTimeField(null=True)
    browser = models.UUIDField(null=True)  # the one in which the link was started
    admitted_at = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)  # of the page that has the guest's seat
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # removed, or replaced by another invitation

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "visit"], condition=Q(ended_at__isnull=True), name="one_guest_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(admitted_at__isnull=True)
                | (Q(agreed_at__isnull=False) & Q(asked_at__isnull=False) & Q(browser__isnull=False)),
                name="guest_admitted_with_consent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"

    @property
    def state(self) -> str:
        """invited: the link was not opened yet. asks: waits to be let in. in: may be in the call."""
        if self.admitted_at is not None:
            return "in"
        return "asks" if self.asked_at is not None else "invited"
