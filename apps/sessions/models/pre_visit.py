"""What a person says about themselves the day before a session and on its morning."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow
from apps.accounts.permissions import Permission
from apps.patients.models import Patient


class PreVisitCheck(ClinicRow):
    """One check, by the person. Written once; the newest of the last day and a half counts at the gate."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="pre_visit_checks")
    when = models.CharField(max_length=8, choices=[("before", _("the day before")), ("morning", _("on the morning"))])
    ride = models.BooleanField()
    ride_name = models.CharField(max_length=120, blank=True)
    fasting = models.BooleanField()  # knows and keeps: nothing to eat for 2 hours, nothing to drink for 30 minutes
    medicines_as_told = models.BooleanField()
    something_new = models.BooleanField()  # illness, medicine, pregnancy, fall
    new_text = models.CharField(max_length=500, blank=True)
    sbp = models.PositiveSmallIntegerField(null=True)
    dbp = models.PositiveSmallIntegerField(null=True)
    feeling = models.PositiveSmallIntegerField()  # 0 very bad to 10 very good
    wants_to_talk = models.BooleanField(default=False)
    answered_at = models.DateTimeField()
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-answered_at"]
        constraints = [
            models.CheckConstraint(condition=Q(feeling__lte=10), name="pre_visit_feeling"),
            models.CheckConstraint(
                condition=Q(sbp__isnull=True, dbp__isnull=True) | Q(sbp__gt=models.F("dbp")), name="pre_visit_pressure"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-answered_at"], name="pre_visit_newest")]
