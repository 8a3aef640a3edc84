"""What calms: tracks that a clinic has uploaded, and exercises that it has written. Withdrawn, never deleted."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission


class TrackKind(models.TextChoices):
    """When a track is played."""

    MUSIC = "music", _("during the session")
    CALMER = "calmer", _("when it is too much")


class CalmTrack(ClinicRow):
    """A piece of music or sound, with the right to play it. digest: SHA-256 of the sound."""

    title = models.CharField(_("title"), max_length=120)
    kind = models.CharField(_("played"), max_length=8, choices=TrackKind)
    licence = models.CharField(_("licence"), max_length=200)
    attribution = models.CharField(_("who made it"), max_length=200, blank=True)
    media_type = models.CharField(max_length=20)  # by what the file holds
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["kind", "title"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "digest", "kind"], condition=Q(withdrawn_at__isnull=True), name="track_once"
            ),
            models.CheckConstraint(condition=~Q(licence=""), name="track_has_a_licence"),
        ]

    def __str__(self) -> str:
        return self.title


class CalmExercise(ClinicRow):
    """An exercise in the clinic's words. A pace in seconds makes it one of breathing."""

    title = models.CharField(_("title"), max_length=120)
    lines = models.JSONField(_("steps"))  # sentences, in order
    breathe_in = models.PositiveSmallIntegerField(_("breathe in, seconds"), null=True, blank=True)
    hold = models.PositiveSmallIntegerField(_("hold, seconds"), default=0)
    breathe_out = models.PositiveSmallIntegerField(_("breathe out, seconds"), null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=3)
    written_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["title"]
        constraints = [
            models.CheckConstraint(
                condition=Q(breathe_in__isnull=True, breathe_out__isnull=True)
                | Q(
                    breathe_in__isnull=False,  # an unknown is neither true nor false, and would pass
                    breathe_out__isnull=False,
                    breathe_in__range=(2, 12),
                    breathe_out__range=(2, 16),
                    hold__lte=8,
                ),
                name="exercise_can_be_breathed",
            ),
            models.CheckConstraint(condition=Q(minutes__range=(1, 30)), name="exercise_is_short"),
        ]

    def __str__(self) -> str:
        return self.title
