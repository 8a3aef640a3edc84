"""Who saw and who changed what. Append-only; plain uuids, so that it outlives what it names."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Row


class Action(models.TextChoices):
    """What was done; FHIR AuditEvent.action in words."""

    READ = "read", _("read")
    CREATE = "create", _("created")
    UPDATE = "update", _("changed")
    REFUSED = "refused", _("refused")
    SIGN_IN = "sign-in", _("signed in")
    SIGN_OUT = "sign-out", _("signed out")
    BREAK_GLASS = "break-glass", _("emergency access")
    EXPORT = "export", _("exported")


class AuditEvent(Row):
    """One object shown or changed, by whom, in which request."""

    clinic_id = models.UUIDField(null=True, db_index=True)
    actor_id = models.UUIDField(null=True)  # null: the system itself
    patient_id = models.UUIDField(null=True)
    action = models.CharField(max_length=20, choices=Action)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField(null=True)
    detail = models.CharField(max_length=200, blank=True)  # a code, never a clinical value
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["clinic_id", "-created_at"], name="audit_clinic_time"),
            models.Index(fields=["clinic_id", "patient_id", "-created_at"], name="audit_patient_time"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type}"
