"""Laboratory results and other long-term checks, entered at the desk or received by the API; and when each is due."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.patients.models import Patient


class LabCode(models.TextChoices):
    """What is measured (LOINC in clinical.md 5 where it has one)."""

    ALT = "alt", _("ALT")
    AST = "ast", _("AST")
    ALP = "alp", _("ALP")
    GGT = "ggt", _("GGT")
    BILIRUBIN = "bilirubin", _("bilirubin, total")
    CREATININE = "creatinine", _("creatinine")
    URINALYSIS = "urinalysis", _("urinalysis")
    HCG = "hcg", _("pregnancy test, urine")
    COGNITION = "cognition", _("cognition, checked otherwise")
    DRUG_SCREEN = "drug-screen", _("urine drug screen")
    ECG = "ecg", _("ECG")


class LabFinding(models.TextChoices):
    """What it says, where it is no number."""

    NORMAL = "normal", _("normal")
    ABNORMAL = "abnormal", _("abnormal")
    NEGATIVE = "negative", _("negative")
    POSITIVE = "positive", _("positive")
    NOT_RELEVANT = "not-relevant", _("does not apply")


class LabResult(ClinicRow):
    """One result (FHIR Observation, category laboratory). Never changed: a wrong one is entered in error."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="lab_results")
    code = models.CharField(max_length=12, choices=LabCode)
    value = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    unit = models.CharField(max_length=12, blank=True)  # UCUM
    upper_limit = models.DecimalField(max_digits=9, decimal_places=3, null=True)  # of normal, of that laboratory
    finding = models.CharField(max_length=12, blank=True, choices=LabFinding)
    taken_on = models.DateField()
    laboratory = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)
    external_id = models.CharField(max_length=80, blank=True)  # of the sender; the same again is the same result
    source = models.CharField(max_length=8, choices=[("desk", _("entered")), ("api", _("received"))])
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=20, default="final", choices=[("final", _("final")), ("entered-in-error", _("entered in error"))]
    )
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-taken_on", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "external_id"], condition=~Q(external_id=""), name="lab_result_received_once"
            ),
            models.CheckConstraint(condition=Q(value__isnull=False) | ~Q(finding=""), name="lab_result_says_something"),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | (Q(value__gte=0) & Q(value__lte=100000)), name="lab_value_is_a_number"
            ),
            models.CheckConstraint(
                condition=Q(upper_limit__isnull=True) | (Q(upper_limit__gt=0) & Q(upper_limit__lte=100000)),
                name="lab_limit_is_a_number",
            ),
            models.CheckConstraint(
                condition=~Q(code__in=["alt", "ast"]) | (Q(value__isnull=False) & Q(upper_limit__isnull=False)),
                name="enzyme_comes_with_its_limit",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "code", "-taken_on"], name="lab_result_newest")]


class SafetyCheck(ClinicRow):
    """When a long-term check of one kind is due for one person; the row is the timer of its task."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="safety_checks")
    kind = models.CharField(
        max_length=10,
        choices=[
            ("bladder", _("bladder: urinalysis")),
            ("liver", _("liver: ALT and AST")),
            ("cognition", _("memory and reaction")),
            ("pregnancy", _("pregnancy test")),
        ],
    )
    due_on = models.DateField()
    last_on = models.DateField(null=True)
    why = models.CharField(max_length=20)
    next_step_at = models.DateTimeField(null=True)  # when the desk is told; None after it was, until it moves
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["due_on", "kind"]
        constraints = [models.UniqueConstraint(fields=["clinic", "patient", "kind"], name="one_check_a_kind")]
        indexes = [
            models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="safety_check_due")
        ]
