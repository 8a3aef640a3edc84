"""What is reported of a session outside the clinic: the REMS monitoring form, adverse events."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.patients.models import Patient
from apps.sessions.models.dosing import DosingSession


class RemsForm(ClinicRow):
    """That a monitoring form is owed for a session, until when, and who handed it in where. Telek files nothing itself."""

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="rems_forms")
    due_on = models.DateField()
    next_step_at = models.DateTimeField(null=True)  # the row is the timer: reminds, then escalates
    steps = models.PositiveSmallIntegerField(default=0)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    submitted_how = models.CharField(
        max_length=8, blank=True, choices=[("portal", _("REMS website")), ("fax", _("fax")), ("phone", _("phone"))]
    )
    reference = models.CharField(max_length=80, blank=True)  # confirmation number, as it was given
    content_digest = models.CharField(max_length=64, blank=True)  # SHA-256 of what was handed in
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["due_on"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "session"], name="one_rems_form_a_session"),
            models.CheckConstraint(
                condition=(Q(submitted_at__isnull=True) & Q(next_step_at__isnull=False))
                | (Q(submitted_at__isnull=False) & Q(submitted_by__isnull=False) & ~Q(submitted_how="")),
                name="owed_form_has_a_timer",
            ),
        ]
        indexes = [models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="rems_due")]


SERIOUS = [
    ("death", _("death")),
    ("life-threatening", _("life-threatening")),
    ("hospitalisation", _("hospitalisation, or longer in hospital")),
    ("disability", _("lasting disability")),
    ("congenital-anomaly", _("congenital anomaly")),
    ("important", _("important medical event")),
]


class AdverseEvent(ClinicRow):
    """Something bad that happened to the person (FHIR AdverseEvent): term, grade, from when to when, what was done.

    Written once; a later word on it is a new row that names the one it replaces.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="adverse_events")
    session = models.ForeignKey(DosingSession, null=True, on_delete=models.PROTECT, related_name="adverse_events")
    term = models.CharField(max_length=60)  # as of the list; never a licensed code
    grade = models.PositiveSmallIntegerField(choices=[(n, n) for n in range(1, 6)])
    onset_at = models.DateTimeField()
    offset_at = models.DateTimeField(null=True)
    action = models.CharField(max_length=300)
    follow_up = models.CharField(max_length=300, blank=True)
    seriousness = models.CharField(max_length=20, blank=True, choices=SERIOUS)  # blank: not serious
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["-onset_at"]
        constraints = [
            models.CheckConstraint(condition=Q(grade__gte=1) & Q(grade__lte=5), name="adverse_event_grade"),
            models.CheckConstraint(
                condition=Q(offset_at__isnull=True) | Q(offset_at__gte=F("onset_at")), name="adverse_event_order"
            ),
            models.CheckConstraint(condition=~Q(grade=5) | Q(seriousness="death"), name="grade_five_is_death"),
            models.CheckConstraint(condition=~Q(grade=4) | ~Q(seriousness=""), name="grade_four_is_serious"),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-onset_at"], name="adverse_event_patient")]

    @property
    def is_serious(self) -> bool:
        """By one of the six criteria."""
        return bool(self.seriousness)
