"""What a message brings beside its words."""

from typing import Any, ClassVar, Self

from django.db import models

from apps.accounts.models import ClinicRow, ClinicRowQuerySet
from apps.accounts.permissions import Permission
from apps.core.encryption import EncryptedBytesField
from apps.messaging.models.threads import Message
from apps.patients.models import Patient


class AttachmentQuerySet(ClinicRowQuerySet[Any]):
    """Whoever may see the message may see its file."""

    def visible_to(self, user: Any) -> Self:
        rows = super().visible_to(user)
        return rows if user.membership and user.membership.is_staff_role else rows.filter(message__staff_only=False)


class Attachment(ClinicRow):
    """The photo or document of one message, under the patient's key; append-only. given: SHA-256 of what was sent."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="files")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=[("photo", "photo"), ("document", "document")])
    name = models.CharField(max_length=90)
    content = EncryptedBytesField(person="patient_id")
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    given = models.CharField(max_length=64)
    scanned = models.BooleanField()

    view_permission = Permission.CHAT
    own_path = "message__thread__patient__user_id"

    objects: ClassVar[Any] = AttachmentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "message"], name="one_file_a_message")]
