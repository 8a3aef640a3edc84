"""The short reaction and memory task: what the person's browser measured, each time a row."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import ClinicRow
from apps.accounts.permissions import Permission
from apps.patients.models import Patient


class CognitionResult(ClinicRow):
    """One task (treatment/cognition.py). reactions: ms of each valid try; recalled: of `shown` words, known again."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="cognition_results")
    client_id = models.UUIDField()
    taken_at = models.DateTimeField()
    reactions = models.JSONField()
    early = models.PositiveSmallIntegerField()  # taps before the signal
    median_ms = models.PositiveSmallIntegerField()
    shown = models.PositiveSmallIntegerField()
    recalled = models.PositiveSmallIntegerField()
    wrong = models.PositiveSmallIntegerField()  # words picked that were not shown
    usable = models.BooleanField()  # False: too few tries or too many early taps; it counts for nothing
    slower_percent = models.SmallIntegerField(null=True)  # than the person's own beginning; None: no beginning yet
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-taken_at"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "client_id"], name="cognition_once"),
            models.CheckConstraint(
                condition=Q(recalled__lte=models.F("shown")), name="cognition_recalls_what_was_shown"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-taken_at"], name="cognition_newest")]
