"""A dosing session at home: who stays with the person, and the look-ins that they answer."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.patients.models import GuestLink, Patient
from apps.sessions.models.dosing import DosingSession
from apps.sessions.models.visits import Visit


class HomeWatch(ClinicRow):
    """What a session at home has beside the one in a chair. The row is the timer of its look-ins.

    look_in_due_at: the look-in that is asked for next; next_step_at: when the desk is told that it was missed; missed:
    how often it was told of this one. visit: the video visit in which staff see the person.
    """

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="home_watches")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="home_watches")
    link = models.ForeignKey(GuestLink, on_delete=models.PROTECT, related_name="+")
    video_at = models.DateTimeField(null=True)
    visit = models.ForeignKey(Visit, null=True, on_delete=models.PROTECT, related_name="home_watches")
    video_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    look_in_due_at = models.DateTimeField(null=True)
    next_step_at = models.DateTimeField(null=True)
    missed = models.PositiveSmallIntegerField(default=0)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "session"], name="one_home_watch_a_session"),
            models.CheckConstraint(
                condition=Q(next_step_at__isnull=True) | Q(look_in_due_at__isnull=False),
                name="home_timer_has_a_look_in",
            ),
        ]
        indexes = [
            models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="home_watch_due"),
        ]


class LookInKind(models.TextChoices):
    """What the person beside them tapped."""

    FINE = "fine", _("talks and is fine")
    SLEEPY = "sleepy", _("sleepy, wakes easily")
    WORRIED = "worried", _("I am worried")
    HARD_TO_WAKE = "hard-to-wake", _("hard to wake")
    HELP = "help", _("help now")
    RECOVERED = "recovered", _("recovered: awake, steady, drinks")


class LookIn(ClinicRow):
    """One answer of the person at home. Written once; the same again, or a second one to the same look-in, is this one."""

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="look_ins")
    client_id = models.UUIDField()
    due_at = models.DateTimeField(null=True)  # of the look-in that it answers; None for help and recovery
    how = models.CharField(max_length=14, choices=LookInKind)
    name = models.CharField(max_length=120)  # who answered, as the link names them
    answered_at = models.DateTimeField()

    view_permission = Permission.SEE_CLINICAL
    own_path = "session__patient__user_id"

    class Meta:
        ordering = ["answered_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "session", "client_id"], name="look_in_once"),
            models.UniqueConstraint(
                fields=["clinic", "session", "due_at"],
                condition=Q(due_at__isnull=False),
                name="one_answer_a_look_in",
            ),
        ]
