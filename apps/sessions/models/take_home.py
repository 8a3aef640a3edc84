"""Medicine handed out to be taken at home, and what the person counts of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.patients.models import Patient


class TakeHomeSupply(ClinicRow):
    """One supply, as it was handed out or prescribed. Written once."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="take_home_supplies")
    description = models.CharField(_("what it is"), max_length=120)
    unit_mg = models.DecimalField(_("mg in one"), max_digits=8, decimal_places=2)
    units = models.PositiveSmallIntegerField(_("how many"))
    days = models.PositiveSmallIntegerField(_("for how many days"))
    supplied_on = models.DateField(_("handed out on"))
    registry_checked_on = models.DateField(_("prescription registry looked at on"), null=True, blank=True)
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-supplied_on", "-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gte=1) & Q(units__lte=1000) & Q(days__gte=1) & Q(days__lte=365), name="supply_is_one"
            )
        ]


class TakeHomeCount(ClinicRow):
    """What is left, counted by the person. Written once."""

    supply = models.ForeignKey(TakeHomeSupply, on_delete=models.PROTECT, related_name="counts")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="take_home_counts")
    units = models.PositiveSmallIntegerField()
    lost = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)
    counted_at = models.DateTimeField()
    to_talk_about = models.JSONField(default=list)  # codes of treatment.take_home
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-counted_at"]
