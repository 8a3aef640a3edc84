"""What happens at a set time: the video follow-up, its events and its note."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, TsTzRange
from apps.patients.models import Patient


class VisitStatus(models.TextChoices):
    """FHIR Encounter's words where it has them."""

    PLANNED = "planned", _("planned")
    ARRIVED = "arrived", _("in the waiting room")
    IN_PROGRESS = "in-progress", _("in the call")
    FINISHED = "finished", _("finished")
    CANCELLED = "cancelled", _("cancelled")


class Visit(ClinicRow):
    """A booked video visit of one patient with one clinician."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="visits")
    clinician = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=VisitStatus, default=VisitStatus.PLANNED)
    reason = models.CharField(max_length=120, blank=True)
    alert = models.ForeignKey(Alert, null=True, blank=True, on_delete=models.PROTECT, related_name="visits")
    arrived_at = models.DateTimeField(null=True)
    admitted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    delay_minutes = models.PositiveSmallIntegerField(default=0)  # said to the person who waits
    cancel_reason = models.CharField(max_length=200, blank=True)
    next_step_at = models.DateTimeField(null=True)  # next reminder
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="visit_has_length"),
            ExclusionConstraint(
                name="clinician_is_in_one_place",
                expressions=[
                    ("clinician", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=["planned", "arrived", "in-progress"]),
            ),
        ]
        indexes = [models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="visit_due")]


class VisitEvent(ClinicRow):
    """What happened in a visit: arrived, admitted, joined, dropped, rejoined, left, ended. Append-only."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=30)
    by_patient = models.BooleanField(default=False)
    actor = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    detail = models.CharField(max_length=200, blank=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["created_at", "id"]


class VisitNote(ClinicRow):
    """The note of a visit: a draft until signed; a signed one is corrected by a new one."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    next_step = models.CharField(
        max_length=20,
        blank=True,
        choices=[
            ("continue", _("Continue")),
            ("maintenance", _("Maintenance dose")),
            ("adjust", _("Adjust")),
            ("hold", _("Hold")),
            ("stop", _("Stop")),
        ],
    )
    next_step_on = models.DateField(null=True, blank=True)
    status = models.CharField(
        max_length=20,
        default="preliminary",
        choices=[("preliminary", _("draft")), ("final", _("signed")), ("entered-in-error", _("entered in error"))],
    )
    signed_at = models.DateTimeField(null=True)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="final") | (Q(signed_at__isnull=False) & ~Q(next_step="")),
                name="signed_note_is_whole",
            )
        ]
