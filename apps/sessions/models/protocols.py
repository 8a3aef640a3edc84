"""A clinic's own course templates in versions, what happens to a course, and the days that are planned for it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.sessions.models.dosing import Course


class Protocol(ClinicRow):
    """One version of a course template. A draft may change; what is published stays, and running courses keep theirs."""

    key = models.SlugField(_("key"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"))
    body = models.JSONField()  # treatment.protocols.read_body
    status = models.CharField(
        _("state"),
        max_length=10,
        default="draft",
        choices=[("draft", _("draft")), ("active", _("published")), ("retired", _("withdrawn"))],
    )
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    published_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)

    view_permission = Permission.MANAGE_CLINIC

    class Meta:
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "key", "version"], name="protocol_version_once"),
            models.UniqueConstraint(fields=["clinic", "key"], condition=Q(status="draft"), name="one_protocol_draft"),
            models.UniqueConstraint(fields=["clinic", "key"], condition=Q(status="active"), name="one_protocol_active"),
        ]

    def __str__(self) -> str:
        return f"{self.body.get('name', self.key)} {self.version}"


class CourseChangeKind(models.TextChoices):
    """What happened to a course."""

    STARTED = "started", _("began")
    PHASE = "phase", _("phase")
    REVIEWED = "reviewed", _("reviewed")
    PLANNED = "planned", _("days planned")
    MOVED = "moved", _("day moved")
    SITE = "site", _("site corrected")
    HELD = "on-hold", _("on hold")
    RESUMED = "active", _("goes on")
    COMPLETED = "completed", _("completed")
    STOPPED = "revoked", _("stopped")


class CourseChange(ClinicRow):
    """One decision about a course, with the reason and what was known at that moment. Written once."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=12, choices=CourseChangeKind)
    phase = models.PositiveSmallIntegerField()  # after the change, from 0
    code = models.CharField(max_length=20, blank=True)  # why it was stopped (STOP_REASONS)
    reason = models.CharField(max_length=300, blank=True)
    seen = models.JSONField()  # words -> value, as course_record.seen_of found them
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["clinic", "course", "-created_at"], name="course_change_newest")]


class PlannedDose(ClinicRow):
    """A day on which a dose is planned. A plan is a plan: the session that is opened with its number takes its place."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="planned")
    number = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(
        max_length=10,
        default="planned",
        choices=[("planned", _("planned")), ("done", _("took place")), ("cancelled", _("taken back"))],
    )
    next_step_at = models.DateTimeField(null=True)  # when the person is next reminded of the check before it

    view_permission = Permission.SEE_CLINICAL
    own_path = "course__patient__user_id"

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "course", "number"], condition=Q(status="planned"), name="one_plan_a_dose"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="planned_dose_has_a_length"),
        ]
        indexes = [
            models.Index(fields=["clinic", "starts_at"], name="planned_dose_day"),
            models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="planned_dose_due"),
        ]
