"""A change that weakens the paging, between the person who asks for it and the second one who confirms it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, User
from apps.accounts.permissions import Permission


class Outcome(models.TextChoices):
    """What became of it."""

    CONFIRMED = "confirmed", _("confirmed")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("too old")


class PendingChange(ClinicRow):
    """Nothing has changed until `outcome` is confirmed. subject: a ladder, a rule, a contact point or the name of a setting.

    before: what stood there when it was asked; when something else stands there later, it is not confirmed any more.
    """

    kind = models.CharField(
        max_length=12,
        choices=[
            ("ladder", _("rungs of a ladder")),
            ("ladder-off", _("switch a ladder off")),
            ("rule", _("next version of a rule")),
            ("rule-off", _("switch a rule off")),
            ("setting", _("setting")),
            ("contact", _("how staff are reached")),
            ("contact-new", _("a new way to reach staff")),
        ],
    )
    subject = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    before = models.JSONField()
    after = models.JSONField()
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default="")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_DESK

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "kind", "subject"], condition=Q(outcome=""), name="one_change_waits_a_subject"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="confirmed")
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("asked_by")),
                name="confirmed_by_somebody_else",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"
