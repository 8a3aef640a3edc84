"""Who drives the person home, by a link of their own, and what the next morning says."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.sessions.models.dosing import DosingSession


class DriverLink(ClinicRow):
    """A link for whoever takes the person home: took them over, and how they are the next morning. Nothing else.

    Only the hash of the token is kept. While the morning is not answered, next_step_at says when somebody is told.
    """

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="driver_links")
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=40, blank=True)
    token_hash = models.CharField(max_length=64)
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    opens_at = models.DateTimeField()  # the morning: from then on "all is well" may be said
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    took_over_at = models.DateTimeField(null=True)
    worried_at = models.DateTimeField(null=True)  # the first time
    all_clear_at = models.DateTimeField(null=True)
    next_step_at = models.DateTimeField(null=True)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "token_hash"], name="driver_token_once"),
            models.UniqueConstraint(
                fields=["clinic", "session"], condition=Q(revoked_at__isnull=True), name="one_driver_link_a_session"
            ),
            models.CheckConstraint(
                condition=Q(next_step_at__isnull=True) | Q(revoked_at__isnull=True, all_clear_at__isnull=True),
                name="driver_timer_while_open",
            ),
        ]
        indexes = [
            models.Index(fields=["token_hash"], name="driver_token"),
            models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="driver_due"),
        ]

    def __str__(self) -> str:
        return self.name


class MorningCheck(ClinicRow):
    """What the morning after a dose says, by the person or the driver. Written once; the newest counts."""

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="morning_checks")
    source = models.CharField(max_length=8, choices=[("person", _("the person")), ("driver", _("the driver"))])
    slept = models.BooleanField(null=True)
    well = models.BooleanField()

    view_permission = Permission.SEE_CLINICAL
    own_path = "session__patient__user_id"
