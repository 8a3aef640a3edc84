"""Threads and messages: ordered by a sequence of their own, exactly once.

A thread is the patient's conversation with the team, or (staff_only) what the team says about the patient among
themselves. `objects` knows the first kind alone, so that nothing for a patient can come upon the second by a forgotten
filter; who may mean both says `every`. PostgreSQL hides the second kind from patients once more (0003_team_threads).
"""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from apps.accounts.models import ClinicRow, ClinicRowQuerySet, Membership, User
from apps.accounts.permissions import TABLE, Permission, Role
from apps.patients.models import Patient

ANSWERING = [role for role in Role if Permission.CHAT in TABLE[role]]


class TalkQuerySet(ClinicRowQuerySet[Any]):
    """Threads or messages of both kinds."""

    def visible_to(self, user: Any) -> Self:
        """As everywhere; and no patient sees what is among staff, whoever it is about."""
        rows = super().visible_to(user)
        return rows if user.membership and user.membership.is_staff_role else rows.filter(staff_only=False)


class WithPatients(models.Manager.from_queryset(TalkQuerySet)):  # type: ignore[misc]
    """Without what is among staff."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(staff_only=False)


class Thread(ClinicRow):
    """The conversation of a patient with the care team, or of the team about them. last_seq is taken under the lock."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="threads")
    last_seq = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)  # the patient's first unanswered message
    notify_at = models.DateTimeField(null=True)  # when unread messages are told another way: the row is the timer
    owner = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveBigIntegerField(default=0)  # grows with every message, read mark and transfer
    synthetic = models.BooleanField(default=False)
    staff_only = models.BooleanField(default=False, db_default=False)

    view_permission = Permission.CHAT
    own_path = "patient__user_id"

    objects: ClassVar[Any] = WithPatients()
    every: ClassVar[Any] = TalkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "staff_only"], name="one_thread_of_a_kind"),
        ]
        indexes = [
            models.Index(fields=["notify_at"], condition=Q(notify_at__isnull=False), name="thread_due"),
            models.Index(fields=["clinic", "-last_at"], name="thread_newest"),
        ]


class ThreadTransfer(ClinicRow):
    """Who took or handed over a thread, and why. Append-only."""

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="transfers")
    actor = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    to = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    view_permission = Permission.CHAT

    class Meta:
        ordering = ["created_at", "id"]


class Message(ClinicRow):
    """One message; append-only. client_id is the sender's own key: the same again is the same message."""

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="messages")
    seq = models.PositiveBigIntegerField()
    client_id = models.UUIDField()
    sender = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    from_patient = models.BooleanField()
    body = models.TextField()
    sent_at = models.DateTimeField()
    staff_only = models.BooleanField(default=False, db_default=False)  # as its thread: PostgreSQL compares

    view_permission = Permission.CHAT
    own_path = "thread__patient__user_id"

    objects: ClassVar[Any] = WithPatients()
    every: ClassVar[Any] = TalkQuerySet.as_manager()

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.CheckConstraint(
                condition=Q(staff_only=False) | Q(from_patient=False), name="no_patient_among_staff"
            ),
            models.UniqueConstraint(fields=["clinic", "thread", "seq"], name="message_seq_once"),
            models.UniqueConstraint(fields=["clinic", "thread", "sender", "client_id"], name="message_once"),
        ]


class ReadMark(ClinicRow):
    """How far a person has read a thread; only grows."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="read_marks")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField()

    view_permission = Permission.CHAT
    own_path = "thread__patient__user_id"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "thread", "user"], name="read_mark_once")]
