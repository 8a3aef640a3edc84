"""Something needs a human: alerts, who is on call, and the ladder that pages until somebody takes it."""

import json
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, ClinicRowQuerySet, Membership
from apps.accounts.permissions import Permission, Role
from apps.core import clock
from apps.core.encryption import EncryptedTextField
from apps.patients.models import Patient

LEVELS = [("P1", _("Act now")), ("P2", _("Today")), ("P3", _("Soon"))]


class AlertState(models.TextChoices):
    OPEN = "open", _("nobody has it yet")
    ACKED = "acked", _("taken")
    CONTACTED = "contacted", _("person reached")
    RESOLVED = "resolved", _("closed")


class Audience(models.TextChoices):
    """Who sees an alert. A P1 is seen by the whole desk, and whoever is on call or was paged sees every one."""

    DESK = "desk", _("everybody at the desk")
    CLINICIANS = "clinicians", _("licensed clinicians, and whoever is on call or paged")
    NOBODY = "nobody", _("nobody: a test of the paging")


class Disposition(models.TextChoices):
    """How an alert ended, in the words of the person who closed it."""

    SAFE = "safe", _("Spoken to, safe, plan gone through")
    CARE_CHANGED = "care-changed", _("Spoken to, care changed")
    VISIT = "visit", _("Spoken to, seen the same day or booked")
    EMERGENCY = "emergency", _("Emergency services or emergency department")
    WELFARE_CHECK = "welfare-check", _("Not reached, welfare check asked for")
    NOT_REACHED = "not-reached", _("Not reached, followed up by other means")
    MISTAKE = "mistake", _("Answered by mistake, said so when asked")
    NO_CONCERN = "no-concern", _("Looked at, no concern")
    DONE = "done", _("Done")


class EventKind(models.TextChoices):
    """What can happen to an alert."""

    RAISED = "raised", _("raised")
    REPEATED = "repeated", _("came again")
    WORSE = "worse", _("got worse")
    CALL_ASKED = "call-asked", _("the person asks to be called")
    PAGED = "paged", _("paged")
    NOBODY = "nobody", _("nobody on call")
    UNCOVERED = "uncovered", _("uncovered: fallback contact and administrators paged")
    CONTACT_OVERDUE = "contact-overdue", _("no contact in time, next paged")
    LEASE_ENDED = "lease-ended", _("no news from the owner, open again")
    STEP_FAILED = "step-failed", _("a page could not be made, administrators told")
    TAKEN = "taken", _("taken")
    TRIED = "tried", _("contact tried")
    REACHED = "reached", _("person reached")
    STILL = "still", _("still with them")
    HANDED_OVER = "handed-over", _("handed over")
    ESCALATED = "escalated", _("escalated by hand")
    SNOOZED = "snoozed", _("put off")
    REVIEWED = "reviewed", _("known level signed")
    CLOSED = "closed", _("closed")


class EscalationPolicy(ClinicRow):
    """The ladder of one level: whom to page, in which order. Snapshotted into the alert when it is raised.

    A level may have a second one for the time in which the desk is closed (evenings, free days, holidays).
    """

    level = models.CharField(max_length=2, choices=LEVELS)
    hours = models.CharField(
        _("when"),
        max_length=12,
        default="always",
        choices=[("always", _("always, or while the desk is open")), ("after-hours", _("while the desk is closed"))],
    )
    name = models.CharField(max_length=80)
    off_at = models.DateTimeField(null=True, editable=False)  # switched off by two people; nobody is paged by it

    class Meta:
        verbose_name_plural = "escalation policies"
        constraints = [models.UniqueConstraint(fields=["clinic", "level", "hours"], name="one_policy_a_level_and_time")]

    def __str__(self) -> str:
        return self.name


class EscalationRung(ClinicRow):
    """One rung. target: a rota, the treating clinician, a role, or everybody who is licensed."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="rungs")
    rung = models.PositiveSmallIntegerField()
    target = models.CharField(
        max_length=20,
        choices=[
            ("on-call", _("on call")),
            ("director", _("medical director on call")),
            ("treating", _("treating clinician")),
            ("coordinator", _("care coordinators")),
            ("licensed", _("all licensed clinicians")),
        ],
    )

    class Meta:
        ordering = ["rung"]
        # Deferred, so that rungs can change places in one transaction.
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "policy", "rung"], name="rung_once", deferrable=models.Deferrable.DEFERRED
            )
        ]

    def __str__(self) -> str:
        return f"{self.rung + 1}. {self.get_target_display()}"


class TsTzRange(Func):
    """tstzrange(starts_at, ends_at), for the exclusion constraint."""

    function = "tstzrange"
    output_field = DateTimeRangeField()


class RosterShift(ClinicRow):
    """Who holds which pager from when to when; one person a rota at a time."""

    rota = models.CharField(
        max_length=20, choices=[("on-call", _("on call")), ("director", _("medical director on call"))]
    )
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    stands_in_for = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_DESK

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="shift_has_length"),
            ExclusionConstraint(
                name="one_pager_one_person",
                expressions=[
                    ("clinic", RangeOperators.EQUAL),
                    ("rota", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_rota_display()}, {self.membership.user}"


def sees_every_alert(member: Membership) -> bool:
    """Whatever its audience: licensed clinicians, and who reads behind broken glass."""
    return member.is_licensed or member.role == Role.EMERGENCY


def _reaches(member: Membership) -> Q:
    """Alerts that are for the whole desk, and those that the ladder has brought or can bring to this person."""
    mine = [{"membership": str(member.pk)}]
    now = clock.now()
    return (
        ~Q(audience=Audience.CLINICIANS)
        | Q(level="P1")
        | Q(owner_id=member.pk)
        | Exists(AlertStep.objects.filter(alert=OuterRef("pk"), targets__contains=mine))
        | Exists(RosterShift.objects.filter(membership=member, starts_at__lte=now, ends_at__gt=now))
    )


class AlertQuerySet(ClinicRowQuerySet["Alert"]):
    """Sets of alerts."""

    def visible_to(self, user: Any) -> Self:
        """What this person's clinic, role and the alert's audience let them see."""
        rows = super().visible_to(user)
        member: Membership | None = getattr(user, "membership", None)
        if member is None:
            return rows
        rows = rows.exclude(audience=Audience.NOBODY)
        return rows if sees_every_alert(member) else rows.filter(_reaches(member))

    def unresolved(self) -> Self:
        return self.exclude(state=AlertState.RESOLVED)

    def due(self, at: datetime) -> Self:
        """Alerts whose next page or lease end has come."""
        return self.filter(next_step_at__lte=at)


class Alert(ClinicRow):
    """At most one unresolved row a patient and cause; the same again is counted, worse reopens and pages.

    next_step_at is the timer: never null while open; while acked the lease end or, if sooner, the contact limit;
    null once contacted or resolved. step_no counts pages over the whole life of the alert; a page with a smaller
    number than quieted_step is no longer wanted.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="alerts")
    cause = models.CharField(max_length=40)  # 'suicidal-thoughts', 'call-request', 'phrase', 'missed-survey', ...
    level = models.CharField(max_length=2, choices=LEVELS)
    state = models.CharField(max_length=10, choices=AlertState, default=AlertState.OPEN)
    title = models.CharField(max_length=200)  # for the desk only; never leaves the system
    worst_value = models.IntegerField(null=True)  # of the item, to tell worse from the same
    count = models.PositiveIntegerField(default=1)
    code = models.CharField(max_length=8)  # spoken on pages: "alert K7F2"
    policy_snapshot = models.JSONField()
    cycle = models.PositiveIntegerField(default=0)
    step_no = models.PositiveIntegerField(default=0)
    rung = models.PositiveSmallIntegerField(default=0)
    rung_entered_at = models.DateTimeField(null=True)  # null: since raising
    paged_at = models.DateTimeField(null=True)  # the last page; null: none since it was raised or got worse
    quieted_step = models.PositiveIntegerField(default=0)
    raised_at = models.DateTimeField()
    worsened_at = models.DateTimeField(null=True)  # contact made before it no longer counts
    next_step_at = models.DateTimeField(null=True)
    contact_due_at = models.DateTimeField()
    contact_overdue_paged_at = models.DateTimeField(null=True)
    call_promised_by = models.DateTimeField(null=True)  # what the patient was told
    owner = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    acked_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)  # how long the acknowledgement holds without news
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    disposition = models.CharField(max_length=40, blank=True, choices=Disposition)
    note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=0)
    synthetic = models.BooleanField(default=False)
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.DESK, db_default="desk")

    view_permission = Permission.SEE_DESK
    objects: ClassVar = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "patient", "cause"], condition=~Q(state="resolved"), name="one_open_alert_a_cause"
            ),
            models.CheckConstraint(
                condition=~Q(state="open") | Q(next_step_at__isnull=False), name="open_alert_has_a_timer"
            ),
            models.CheckConstraint(
                condition=~Q(state="acked") | Q(next_step_at__isnull=False, owner__isnull=False),
                name="acked_alert_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state="resolved") | Q(resolved_at__isnull=False, next_step_at__isnull=True),
                name="resolved_alert_is_still",
            ),
        ]
        indexes = [
            models.Index(fields=["level", "next_step_at"], condition=Q(next_step_at__isnull=False), name="alert_due"),
            models.Index(fields=["clinic", "level", "raised_at"], condition=~Q(state="resolved"), name="alert_open"),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.code}"

    @property
    def path(self) -> str:
        """The alert's page, as pages and redirects name it."""
        return f"/desk/alerts/{self.pk}/"

    @property
    def episode_began_at(self) -> datetime:
        """Since when contact counts: raising, or the last time that it got worse."""
        return self.worsened_at or self.raised_at


class AlertOccurrence(ClinicRow):
    """One finding that raised or counted onto an alert. A safety answer cannot be committed without one."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="occurrences")
    source_kind = models.CharField(max_length=30)  # 'item-answer', 'call-request', 'message', 'slot'
    source_id = models.UUIDField()
    rule_code = models.CharField(max_length=60)
    rule_version = models.CharField(max_length=20, default="1")
    level = models.CharField(max_length=2, choices=LEVELS)
    value = models.IntegerField(null=True)
    detail = models.CharField(max_length=300, blank=True)

    view_permission = Permission.SEE_DESK

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "source_kind", "source_id", "rule_code"], name="one_occurrence_a_finding"
            )
        ]


class AlertStep(ClinicRow):
    """One page of the ladder, as it was fired. The key is the guard against firing twice."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="steps")
    cycle = models.PositiveIntegerField()
    step_no = models.PositiveIntegerField()
    rung = models.PositiveSmallIntegerField()
    fired_at = models.DateTimeField()
    targets = models.JSONField()  # [{membership, name, channels}]
    nobody_on_call = models.BooleanField(default=False)

    view_permission = Permission.SEE_DESK

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "alert", "cycle", "step_no"], name="one_step")]


class AlertEvent(ClinicRow):
    """The alert's history: raised, repeated, paged, taken, contact tried, reached, handed over, closed."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=30, choices=EventKind)
    actor = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="+"
    )  # null: system or patient
    text = models.CharField(max_length=500, blank=True)
    record = EncryptedTextField()  # of closing: JSON of closing_record, under the person's key; else empty

    view_permission = Permission.SEE_DESK

    class Meta:
        ordering = ["created_at", "id"]

    @property
    def patient_id(self) -> UUID:
        """Whose key seals the record."""
        return self.alert.patient_id

    @property
    def recorded(self) -> dict[str, str]:
        """What was written down, by name (closing_record.QUESTIONS); empty for any event but closing."""
        found: dict[str, str] = json.loads(str(self.record)) if self.record else {}
        return found


class ContactAttempt(ClinicRow):
    """A try to reach the person."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="contact_attempts")
    actor = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(
        max_length=10,
        choices=[
            ("phone", _("phone")),
            ("video", _("video")),
            ("message", _("message")),
            ("in-person", _("in person")),
            ("contact", _("emergency contact")),
        ],
    )
    reached = models.BooleanField()
    note = models.CharField(max_length=500, blank=True)

    view_permission = Permission.SEE_DESK


class ReviewedLevel(ClinicRow):
    """A clinician's signed word that a person's known answer need not page until then; new or worse still does."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="reviewed_levels")
    cause = models.CharField(max_length=40)
    value = models.IntegerField()
    signed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    expires_at = models.DateTimeField()

    view_permission = Permission.SEE_DESK


# A table with a module of its own; Django finds its models here.
from apps.alerts.rule_models import Rule as Rule  # noqa: E402
