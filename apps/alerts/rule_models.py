"""A clinic's own rules as versioned rows. What is published never changes; a new wording is a new version."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission

KINDS = [
    ("item", _("an answer to a question")),
    ("score", _("a score")),
    ("change", _("a score against the person's own usual one")),
    ("slope", _("a score that climbs from week to week")),
    ("silence", _("surveys not answered in a row")),
    ("vitals", _("a reading")),
    ("phrase", _("words in a message")),
    ("missed-check", _("nothing answered after a dose")),
    ("reliable", _("a score worse by more than noise")),
    ("own-baseline", _("a slow drift over the person's own usual scores")),
    ("off-track", _("a score above the range that was expected")),
]


class Rule(ClinicRow):
    """One version of a rule. floor: about thoughts of suicide; once published it cannot be switched off."""

    key = models.SlugField(max_length=30)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=80)
    why = models.CharField(max_length=300)
    source = models.CharField(max_length=200)
    level = models.CharField(max_length=2, choices=[("P1", _("Act now")), ("P2", _("Today")), ("P3", _("Soon"))])
    audience = models.CharField(
        max_length=20,
        default="desk",
        choices=[
            ("desk", _("everybody at the desk")),
            ("clinicians", _("licensed clinicians, and whoever is on call or paged")),
        ],
    )
    kind = models.CharField(max_length=20, choices=KINDS)
    parameters = models.JSONField(default=dict)
    floor = models.BooleanField(default=False)
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    tried_at = models.DateTimeField(null=True)  # dry run; a rule that was never tried cannot be published
    trial = models.JSONField(default=dict)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    next_run_at = models.DateTimeField(null=True)  # of kinds that time brings about: the row is the timer

    view_permission = Permission.MANAGE_CLINIC

    class Meta:
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "key", "version"], name="rule_version_once"),
            models.UniqueConstraint(
                fields=["clinic", "key"],
                condition=Q(published_at__isnull=False, retired_at__isnull=True),
                name="one_rule_in_force",
            ),
            models.CheckConstraint(condition=Q(floor=False) | Q(retired_at__isnull=True), name="the_floor_stays"),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(tried_at__isnull=False), name="published_after_a_trial"
            ),
        ]
        indexes = [
            models.Index(fields=["next_run_at"], condition=Q(next_run_at__isnull=False), name="rule_due"),
            models.Index(fields=["clinic", "kind"], condition=Q(published_at__isnull=False), name="rule_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def in_force(self) -> bool:
        """Published and not retired."""
        return self.published_at is not None and self.retired_at is None
