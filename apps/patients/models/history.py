"""What a person has, must not get, and takes. Rows are written once: a correction is a new row that replaces one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, ClinicRowQuerySet, Membership
from apps.accounts.permissions import Permission
from apps.patients.medicines import Flag
from apps.patients.models.person import Patient
from apps.patients.words import FLAG_WORDS

IN_ERROR = "entered-in-error"
#: FHIR's words.
CONDITION_STATUS = [
    ("active", _("present")),
    ("remission", _("in remission")),
    ("resolved", _("past")),
    (IN_ERROR, _("entered in error")),
]
ALLERGY_STATUS = [("active", _("present")), ("resolved", _("past")), (IN_ERROR, _("entered in error"))]
MEDICINE_STATUS = [("active", _("taken")), ("completed", _("not any more")), (IN_ERROR, _("entered in error"))]


class HistoryKind(models.TextChoices):
    """The three lists."""

    CONDITIONS = "conditions", _("conditions")
    ALLERGIES = "allergies", _("allergies")
    MEDICINES = "medicines", _("medicines")


class HistoryQuerySet(ClinicRowQuerySet):
    """Entries with what became of them."""

    def standing(self) -> HistoryQuerySet:
        """What holds now: replaced by nothing and not entered in error."""
        return self.filter(replaced_by__isnull=True).exclude(status=IN_ERROR)


class HistoryRow(ClinicRow):
    """One entry of a list. replaces: the entry that this one corrects or goes on from; reason says why."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="%(class)ss")
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    reason = models.CharField(max_length=300, blank=True)
    by_patient = models.BooleanField(default=False)  # told by the person; nobody of staff has looked at it yet
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"
    kind: ClassVar[HistoryKind]
    objects = HistoryQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        abstract = True


class Condition(HistoryRow):
    """A diagnosis, ICD-10 (FHIR Condition)."""

    code = models.CharField(_("ICD-10 code"), max_length=10)
    display = models.CharField(_("name"), max_length=160)
    onset_on = models.DateField(_("since"), null=True, blank=True)
    abated_on = models.DateField(_("until"), null=True, blank=True)
    status = models.CharField(
        max_length=20,
        default="active",
        choices=CONDITION_STATUS,
    )

    kind = HistoryKind.CONDITIONS

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "replaces"], condition=Q(replaces__isnull=False), name="condition_replaced_once"
            ),
            models.CheckConstraint(
                condition=Q(abated_on__isnull=True) | Q(onset_on__isnull=True) | Q(abated_on__gte=F("onset_on")),
                name="condition_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$"), name="icd10_form"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient"], name="condition_patient")]

    def __str__(self) -> str:
        return f"{self.code} {self.display}"


class AllergyIntolerance(HistoryRow):
    """What the person must not get, and what happened (FHIR AllergyIntolerance)."""

    substance = models.CharField(_("substance"), max_length=120)
    reaction = models.CharField(_("what happened"), max_length=160, blank=True)
    criticality = models.CharField(
        max_length=20,
        default="unable-to-assess",
        choices=[("low", _("low")), ("high", _("high")), ("unable-to-assess", _("not known"))],
    )
    status = models.CharField(
        max_length=20,
        default="active",
        choices=ALLERGY_STATUS,
    )

    kind = HistoryKind.ALLERGIES

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "replaces"], condition=Q(replaces__isnull=False), name="allergy_replaced_once"
            ),
            models.CheckConstraint(condition=~Q(substance=""), name="allergy_has_a_substance"),
        ]
        indexes = [models.Index(fields=["clinic", "patient"], name="allergy_patient")]

    def __str__(self) -> str:
        return f"{self.substance} ({self.reaction})" if self.reaction else self.substance


class MedicationStatement(HistoryRow):
    """A medicine that the person takes, or took (FHIR MedicationStatement)."""

    name = models.CharField(_("medicine"), max_length=120)
    dose = models.CharField(_("dose"), max_length=80, blank=True)  # as said: 20 mg in the morning
    route = models.CharField(
        max_length=12,
        blank=True,
        choices=[
            ("oral", _("by mouth")),
            ("sublingual", _("under the tongue")),
            ("nasal", _("nose spray")),
            ("inhaled", _("inhaled")),
            ("skin", _("on the skin")),
            ("injection", _("injection")),
            ("other", _("other")),
        ],
    )
    since = models.DateField(_("since"), null=True, blank=True)
    ended_on = models.DateField(_("until"), null=True, blank=True)
    flags = models.JSONField(
        default=list, blank=True
    )  # patients.medicines.Flag codes, as they were found or set when written
    status = models.CharField(
        max_length=20,
        default="active",
        choices=MEDICINE_STATUS,
    )

    kind = HistoryKind.MEDICINES

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "replaces"], condition=Q(replaces__isnull=False), name="medicine_replaced_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="medicine_has_a_name"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(since__isnull=True) | Q(ended_on__gte=F("since")),
                name="medicine_ends_after_it_began",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient"], name="medicine_patient")]

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.dose) if part)

    @property
    def flag_words(self) -> list[str]:
        """Why it matters beside ketamine."""
        return [str(FLAG_WORDS[Flag(flag)]) for flag in self.flags]


class HistoryReview(ClinicRow):
    """Staff went through one list with the person: what stands in it is all. An empty list that was gone through is "none"."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="history_reviews")
    kind = models.CharField(max_length=12, choices=HistoryKind)
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        indexes = [models.Index(F("clinic"), F("patient"), F("created_at").desc(), name="history_review_newest")]
