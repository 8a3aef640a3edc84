"""The days after a dose in which it is talked through, and whether that happened."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow
from apps.accounts.permissions import Permission
from apps.monitoring.models import Anchor
from apps.patients.models import Patient
from apps.sessions.models.visits import Visit


class IntegrationWindow(ClinicRow):
    """One window a dose, from the clinic's hours (24 to 72). The row is the timer: at its opening, then at its end."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="integration_windows")
    anchor = models.ForeignKey(Anchor, on_delete=models.PROTECT, related_name="+")
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    visit = models.ForeignKey(Visit, null=True, on_delete=models.SET_NULL, related_name="+")  # booked or held in it
    status = models.CharField(
        max_length=10,
        default="open",
        choices=[
            ("open", _("to come")),
            ("met", _("talked through")),
            ("missed", _("missed")),
            ("cancelled", _("dose entered in error")),
        ],
    )
    next_step_at = models.DateTimeField(null=True)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["closes_at"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "anchor"], name="one_integration_window_a_dose"),
            models.CheckConstraint(condition=Q(closes_at__gt=models.F("opens_at")), name="window_has_a_length"),
            models.CheckConstraint(
                condition=Q(status="open") | Q(next_step_at__isnull=True), name="settled_window_has_no_timer"
            ),
        ]
        indexes = [
            models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="integration_due")
        ]
