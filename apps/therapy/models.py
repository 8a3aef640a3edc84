"""What a person writes for themselves, and what they mean to do. Privacy is per entry."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, ClinicRowQuerySet, Membership
from apps.accounts.permissions import Permission, Role
from apps.core.encryption import EncryptedTextField
from apps.patients.models import Patient


class Privacy(models.TextChoices):
    """Who may read it."""

    ME = "me", _("Only me")
    THERAPIST = "therapist", _("My therapist")
    TEAM = "team", _("My whole team")


class SharedRows(ClinicRowQuerySet[Any]):
    """Rows whose reader the person chose. What is theirs alone is not even a row to staff."""

    def visible_to(self, user: Any) -> Self:
        """The person: all of theirs. Therapists and who treats them: what is shared with the therapist or the team."""
        rows = super().visible_to(user)
        membership = getattr(user, "membership", None)
        if membership is None or membership.role == Role.PATIENT:
            return rows
        shared = Q(privacy=Privacy.TEAM) | Q(privacy=Privacy.THERAPIST, patient__treating=membership)
        if membership.role == Role.THERAPIST:
            shared |= Q(privacy=Privacy.THERAPIST)
        return rows.filter(shared)


class JournalKey(ClinicRow):
    """How a journal is locked: the key is made of the person's own words and kept nowhere (therapy.locking).

    salt: of the words. check_value: something known, sealed under the key, so that wrong words are told from right ones.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    salt = models.BinaryField()
    check_value = models.BinaryField()

    own_path = "patient__user_id"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "patient"], name="one_journal_key_a_person")]


class JournalEntry(ClinicRow):
    """One entry. text is under the person's data key; with "only me" what is inside is sealed under their own words."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="journal_entries")
    privacy = models.CharField(max_length=9, choices=Privacy, default=Privacy.ME)
    text = EncryptedTextField()
    prompt = models.CharField(max_length=20, blank=True)  # key of prompts.PROMPTS
    written_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    objects: ClassVar = SharedRows.as_manager()

    class Meta:
        ordering = ["-written_at"]
        verbose_name_plural = "journal entries"
        indexes = [models.Index(fields=["clinic", "patient", "-written_at"], name="journal_newest")]

    @property
    def is_private(self) -> bool:
        """Sealed under the person's own words."""
        return self.privacy == Privacy.ME


class Commitment(ClinicRow):
    """One small thing that the person means to do with what they learned."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="commitments")
    privacy = models.CharField(max_length=9, choices=Privacy, default=Privacy.THERAPIST)
    text = EncryptedTextField()
    by_on = models.DateField(null=True)
    done_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    objects: ClassVar = SharedRows.as_manager()

    class Meta:
        ordering = ["done_at", "by_on", "created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(privacy__in=["therapist", "team"]), name="commitments_are_shared"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(dropped_at__isnull=True), name="commitment_done_or_dropped"
            ),
        ]


class EarlySigns(ClinicRow):
    """How a person notices that it comes back, in their own words, and the plan agreed for then; the newest counts.

    signs: one a line. enough: how many of them at once open the plan. agreed_with: the clinician, None until agreed.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="early_signs")
    version = models.PositiveIntegerField()
    signs = EncryptedTextField()
    plan = EncryptedTextField()
    enough = models.PositiveSmallIntegerField(default=2)
    agreed_with = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-version"]
        verbose_name_plural = "early signs"
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "version"], name="early_signs_version_once"),
            models.CheckConstraint(condition=Q(enough__gte=1) & Q(enough__lte=8), name="enough_signs_is_a_number"),
        ]

    @property
    def lines(self) -> list[str]:
        """Each sign."""
        return [line for line in str(self.signs).splitlines() if line.strip()]


class SignCheck(ClinicRow):
    """One short check: which of the signs are there. Written once."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="sign_checks")
    of = models.ForeignKey(EarlySigns, on_delete=models.PROTECT, related_name="checks")
    present = models.JSONField(default=list)  # places in the list of signs, from 0
    matched = models.BooleanField()
    answered_at = models.DateTimeField()
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-answered_at"]
