"""What is measured, by which device, within which limits: observations, devices, episodes outside the limits."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, ClinicRowQuerySet, Membership
from apps.accounts.permissions import Permission
from apps.alerts.models import LEVELS, Alert
from apps.patients.models import Patient

PHASES = [("session", _("in the hours after a dose")), ("home", _("at all other times"))]


class Device(ClinicRow):
    """A thing that sends readings by itself. Its token opens nothing but the way in for readings."""

    identifier = models.CharField(max_length=60)  # as its readings name it: source of an observation
    label = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    added_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    last_seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "identifier"], condition=Q(revoked_at__isnull=True), name="one_living_device"
            )
        ]

    def __str__(self) -> str:
        return self.label


class DeviceWear(ClinicRow):
    """Who used a device from when to when: a late batch belongs to whom it was measured on."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="wears")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="device_wears")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "device"], condition=Q(until_at__isnull=True), name="one_wearer_a_device"
            )
        ]


class ObservationQuerySet(ClinicRowQuerySet[Any]):
    """Sets of observations."""

    def known(self) -> Self:
        """What counts: without what was entered in error, and without what a later row corrects."""
        corrected = self.model.objects.filter(corrects__isnull=False).values("corrects")
        return self.exclude(status="entered-in-error").exclude(pk__in=corrected)


class Observation(ClinicRow):
    """A measured or reported value (FHIR Observation): LOINC code, UCUM unit, typed value, source.

    Append-only and partitioned by month of effective_at. A correction is a new row with the next revision that names
    the row it stands for; status entered-in-error: there was no such reading.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="observations", db_constraint=False)
    code = models.CharField(max_length=40)
    value = models.DecimalField(max_digits=12, decimal_places=3)
    unit = models.CharField(max_length=20)
    effective_at = models.DateTimeField()
    source = models.CharField(max_length=60)  # 'check-in', 'staff', 'patient', or a device's identifier
    given = models.CharField(max_length=40, blank=True)  # '16.5 kPa': as it came, where it was converted
    status = models.CharField(
        max_length=20,
        default="final",
        choices=[("final", _("final")), ("corrected", _("corrected")), ("entered-in-error", _("entered in error"))],
    )
    revision = models.PositiveSmallIntegerField(default=0)
    corrects = models.UUIDField(null=True)  # the row that this one stands for
    reason = models.CharField(max_length=200, blank=True)  # why it was corrected
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"
    objects: ClassVar = ObservationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "patient", "code", "effective_at", "source", "revision"], name="observation_once"
            ),
            models.UniqueConstraint(
                fields=["clinic", "corrects", "effective_at"],
                condition=Q(corrects__isnull=False),
                name="observation_corrected_once",
            ),
        ]


class PatientLimits(ClinicRow):
    """A person's own limits in a phase, where they differ from the clinic's; append-only, the newest row counts."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="vital_limits")
    phase = models.CharField(max_length=10, choices=PHASES)
    limits = models.JSONField(default=dict)  # name of a clinic setting without 'vital_' -> value
    reason = models.CharField(max_length=300)
    set_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        indexes = [models.Index(fields=["clinic", "patient", "phase", "-created_at"], name="limits_newest")]


class VitalEpisode(ClinicRow):
    """One stretch of readings outside the limits: it alarms when it begins and when it gets worse, not each time."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="vital_episodes")
    vital = models.CharField(max_length=10)  # bp, hr, spo2, rr
    level = models.CharField(max_length=2, choices=LEVELS)
    reasons = models.CharField(max_length=120)
    began_at = models.DateTimeField()
    last_at = models.DateTimeField()
    readings = models.PositiveIntegerField(default=1)
    alert = models.ForeignKey(Alert, null=True, on_delete=models.PROTECT, related_name="+")
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(last_at__gte=models.F("began_at")), name="episode_has_order")]
        indexes = [models.Index(fields=["clinic", "patient", "vital", "-last_at"], name="episode_newest")]
