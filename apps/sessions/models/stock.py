"""Controlled substances: lots, an append-only ledger of milligrams, and counts that do not match."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.sessions.models.dosing import MedicationAdministration, Product


class StockEntryKind(models.TextChoices):
    """As treatment.stock.Entry."""

    RECEIVED = "received", _("received")
    FOUND = "found", _("found")
    GIVEN = "given", _("given")
    WASTED = "wasted", _("wasted")
    BROKEN = "broken", _("broken")
    LOST = "lost", _("lost")
    RETURNED = "returned", _("returned")
    COUNTED = "counted", _("counted")


class StockLot(ClinicRow):
    """One lot of one product. Its balance is that of its newest entry."""

    product = models.CharField(max_length=12, choices=Product)
    description = models.CharField(_("what it is"), max_length=120)  # "Ketamine 500 mg/10 mL vial"
    ndc = models.CharField(_("NDC"), max_length=20, blank=True)
    lot = models.CharField(_("lot number"), max_length=40)
    expires_on = models.DateField(_("expires on"))
    unit_mg = models.DecimalField(_("mg in one vial, device or tablet"), max_digits=8, decimal_places=2)

    view_permission = Permission.GIVE_DOSES

    class Meta:
        ordering = ["product", "expires_on", "lot"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "product", "lot"], name="stock_lot_once"),
            models.CheckConstraint(condition=Q(unit_mg__gt=0) & Q(unit_mg__lte=100000), name="stock_unit_is_an_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.description}, {self.lot}"


class StockEntry(ClinicRow):
    """One line of the ledger. PostgreSQL refuses a line that does not follow from the one before (care_sessions_0010).

    amount_mg: as the kind says, negative only in a correction. balance_mg: after it. counted_mg: what was there.
    """

    lot = models.ForeignKey(StockLot, on_delete=models.PROTECT, related_name="entries")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=StockEntryKind)
    amount_mg = models.DecimalField(max_digits=12, decimal_places=2)
    balance_mg = models.DecimalField(max_digits=12, decimal_places=2)
    counted_mg = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    reason = models.CharField(max_length=300, blank=True)
    occurred_at = models.DateTimeField()
    actor = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    dose = models.ForeignKey(MedicationAdministration, null=True, on_delete=models.PROTECT, related_name="+")
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.GIVE_DOSES

    class Meta:
        ordering = ["-seq"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "lot", "seq"], name="stock_entry_in_order"),
            models.UniqueConstraint(
                fields=["clinic", "corrects"], condition=Q(corrects__isnull=False), name="stock_entry_corrected_once"
            ),
            models.CheckConstraint(
                condition=Q(balance_mg__gte=0) & Q(balance_mg__lte=100000000), name="stock_is_never_less_than_nothing"
            ),
            models.CheckConstraint(
                condition=Q(amount_mg__gte=0) | Q(corrects__isnull=False), name="only_a_correction_is_negative"
            ),
            models.CheckConstraint(
                condition=(Q(kind="counted") & Q(counted_mg__isnull=False) & Q(amount_mg=0))
                | (~Q(kind="counted") & Q(counted_mg__isnull=True)),
                name="a_count_counts",
            ),
            models.CheckConstraint(condition=~Q(second=F("actor")), name="stock_signed_by_two_different_people"),
            models.CheckConstraint(
                condition=Q(kind__in=["received", "given", "counted"]) | ~Q(reason=""), name="stock_entry_says_why"
            ),
        ]


class StockDifference(ClinicRow):
    """A count that did not match, or a dose from a lot that had not so much; told until somebody has explained it."""

    lot = models.ForeignKey(StockLot, on_delete=models.PROTECT, related_name="differences")
    expected_mg = models.DecimalField(max_digits=12, decimal_places=2)
    found_mg = models.DecimalField(max_digits=12, decimal_places=2)
    found_at = models.DateTimeField()
    found_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    next_step_at = models.DateTimeField(null=True)
    told = models.PositiveSmallIntegerField(default=0)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    resolution = models.CharField(max_length=500, blank=True)

    view_permission = Permission.GIVE_DOSES

    class Meta:
        ordering = ["-found_at"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(resolved_at__isnull=True) & Q(next_step_at__isnull=False))
                | (Q(resolved_at__isnull=False) & Q(next_step_at__isnull=True) & ~Q(resolution="")),
                name="open_difference_has_a_timer",
            )
        ]
        indexes = [
            models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="stock_difference_due")
        ]
