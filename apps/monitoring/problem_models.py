"""What bothers people: reported in the check-in or at any time, followed up until somebody closes it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.core.encryption import EncryptedBytesField
from apps.patients.models import Patient


class Outcome(models.TextChoices):
    """How a problem ended."""

    PASSED = "passed", _("it passed by itself")
    TREATED = "treated", _("treated")
    CARE_CHANGED = "care-changed", _("the care was changed")
    KNOWN = "known", _("known and expected")
    REFERRED = "referred", _("seen by somebody else")
    MISTAKE = "mistake", _("reported by mistake")


class Problem(ClinicRow):
    """One problem of one person; at most one open one a kind. The same again counts and makes it due anew.

    next_look_at is the timer: set while open; when it passes without a look, it becomes a task at the desk.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="problems")
    kind = models.PositiveSmallIntegerField()  # of the check-in's list of kinds
    severity = models.PositiveSmallIntegerField()  # 1 mild, 2 moderate, 3 severe: the newest
    since = models.DateField()
    text = models.CharField(max_length=500, blank=True)
    reported_at = models.DateTimeField()
    last_reported_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=20)  # check-in, patient, staff
    next_look_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20, blank=True, choices=Outcome)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "patient", "kind"],
                condition=Q(closed_at__isnull=True),
                name="one_open_problem_a_kind",
            ),
            models.CheckConstraint(condition=Q(severity__gte=1, severity__lte=3), name="problem_severity"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, next_look_at__isnull=False)
                | Q(closed_at__isnull=False, next_look_at__isnull=True),
                name="open_problem_has_a_timer",
            ),
        ]
        indexes = [models.Index(fields=["next_look_at"], condition=Q(next_look_at__isnull=False), name="problem_due")]


class ProblemPhoto(ClinicRow):
    """A photo that came with a report, under the patient's key; append-only. given: SHA-256 of what was sent."""

    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="photos")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    content = EncryptedBytesField(person="patient_id")
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    given = models.CharField(max_length=64)
    scanned = models.BooleanField()

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["clinic", "problem", "given"], name="problem_photo_once")]


class ProblemNote(ClinicRow):
    """What was done about it; append-only."""

    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=500)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["created_at", "id"]
