"""When a clinician holds visits or is there for treatment: hours that come back each week, and what is different."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission

WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


class HoursFor(models.TextChoices):
    """What somebody is there for."""

    VISITS = "visits", _("visits")
    TREATMENT = "treatment", _("treatment")


class VisitHours(ClinicRow):
    """Every week on that day, by the wall clock of `time_zone`. Ended by a last day, never deleted.

    purpose: hours of visits are offered to people for booking; hours of treatment are what the planner of a course reads.
    """

    clinician = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=9, choices=HoursFor, default="visits", db_default="visits")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS)
    opens = models.TimeField()
    closes = models.TimeField()
    time_zone = models.CharField(max_length=64)
    first_on = models.DateField()
    last_on = models.DateField(null=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["clinician", "weekday", "opens"]
        constraints = [models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="visit_hours_have_length")]


class DifferentTime(ClinicRow):
    """One stretch of time that the weekly hours do not know: away, or there in addition. Withdrawn, never deleted."""

    clinician = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_away = models.BooleanField()
    withdrawn_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="different_time_has_length")
        ]
        indexes = [
            models.Index(
                fields=["clinic", "clinician", "ends_at"], condition=Q(withdrawn_at__isnull=True), name="different_time"
            )
        ]
