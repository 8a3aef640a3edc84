"""What happens at a set time: the video follow-up, its events and its note."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, TsTzRange
from apps.messaging.models import Message
from apps.monitoring.models import Slot
from apps.patients.models import Patient


class VisitStatus(models.TextChoices):
    """FHIR Encounter's words where it has them."""

    PLANNED = "planned", _("planned")
    ARRIVED = "arrived", _("in the waiting room")
    IN_PROGRESS = "in-progress", _("in the call")
    FINISHED = "finished", _("finished")
    CANCELLED = "cancelled", _("cancelled")


RATINGS = [("good", _("good")), ("patchy", _("some trouble")), ("bad", _("bad"))]
SHOWN = [("curve", _("curve")), ("scale", _("scale"))]
LIVE = (VisitStatus.PLANNED, VisitStatus.ARRIVED, VisitStatus.IN_PROGRESS)


class Visit(ClinicRow):
    """A booked video visit of one patient with one clinician."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="visits")
    clinician = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=VisitStatus, default=VisitStatus.PLANNED)
    reason = models.CharField(max_length=120, blank=True)
    alert = models.ForeignKey(Alert, null=True, blank=True, on_delete=models.PROTECT, related_name="visits")
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.PROTECT, related_name="visits")
    arrived_at = models.DateTimeField(null=True)
    admitted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    delay_minutes = models.PositiveSmallIntegerField(default=0)  # said to the person who waits
    cancel_reason = models.CharField(max_length=200, blank=True)
    by_phone_at = models.DateTimeField(null=True)  # the person asked to be phoned instead
    next_step_at = models.DateTimeField(null=True)  # next reminder
    rating = models.CharField(max_length=10, blank=True, db_default="", choices=RATINGS)  # the person's, of the call
    shown = models.CharField(max_length=10, blank=True, db_default="", choices=SHOWN)  # what both look at
    shown_slot = models.ForeignKey(Slot, null=True, on_delete=models.PROTECT, related_name="+")  # of a shown scale
    version = models.PositiveIntegerField(default=0)  # of what the live topics show
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="visit_has_length"),
            ExclusionConstraint(
                name="clinician_is_in_one_place",
                expressions=[
                    ("clinician", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=["planned", "arrived", "in-progress"]),
            ),
            ExclusionConstraint(
                name="patient_is_in_one_place",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=["planned", "arrived", "in-progress"]),
            ),
        ]
        indexes = [models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="visit_due")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} {self.status}"

    @property
    def is_live(self) -> bool:
        """Not yet over."""
        return self.status in LIVE

    @property
    def minutes(self) -> int:
        """Its booked length."""
        return round((self.ends_at - self.starts_at).total_seconds() / 60)

    @property
    def path(self) -> str:
        """The patient's page of it, as reminders and redirects name it."""
        return f"/visits/{self.pk}/"

    @property
    def desk_path(self) -> str:
        """The clinician's page of it."""
        return f"/desk/visits/{self.pk}/"


class VisitSeat(ClinicRow):
    """Who is in the call, one seat a side. The token names the page that has the seat; only it may signal."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="seats")
    by_patient = models.BooleanField()
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    token = models.UUIDField()
    taken_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # the page says every few seconds that it is still there
    left_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "visit", "by_patient"], name="one_seat_a_side")]


class VisitEventKind(models.TextChoices):
    """What can happen in a visit."""

    BOOKED = "booked", _("booked")
    MOVED = "moved", _("moved")
    CHECKED = "device-check", _("devices checked")
    ARRIVED = "arrived", _("in the waiting room")
    DELAYED = "delayed", _("told of a delay")
    PHONE_ASKED = "phone-asked", _("asked for a phone call instead")
    BY_PHONE = "by-phone", _("held by phone")
    TAKEN_OVER = "taken-over", _("taken over")
    ADMITTED = "admitted", _("admitted")
    JOINED = "joined", _("joined")
    REJOINED = "rejoined", _("joined again")
    DROPPED = "dropped", _("connection lost")
    LOWERED = "lowered", _("picture lowered, network")
    RAISED = "raised", _("picture raised again")
    NO_WAY = "no-way", _("no connection, phone offered")
    LEFT = "left", _("left")
    ENDED = "ended", _("visit ended")
    SHOWN = "shown", _("shown to both")
    FORM_ORDERED = "form-ordered", _("form ordered")
    GUEST_INVITED = "guest-invited", _("guest invited")
    GUEST_AGREED = "guest-agreed", _("agreed to the guest")
    GUEST_ASKED = "guest-asked", _("guest asks in")
    GUEST_ADMITTED = "guest-admitted", _("guest admitted")
    GUEST_JOINED = "guest-joined", _("guest in the call")
    GUEST_LEFT = "guest-left", _("guest left")
    GUEST_REMOVED = "guest-removed", _("guest removed")
    RATED = "rated", _("picture and sound rated")
    CANCELLED = "cancelled", _("cancelled")


class VisitEvent(ClinicRow):
    """What happened in a visit, as far as the record is concerned. Append-only."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=30, choices=VisitEventKind)
    by_patient = models.BooleanField(default=False)
    actor = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    detail = models.CharField(max_length=200, blank=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        ordering = ["created_at", "id"]


class VisitNote(ClinicRow):
    """The note of a visit: a draft until signed; a signed one is corrected by a new one."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    for_patient = models.TextField(blank=True, db_default="")  # in plain words; the person reads it once it is signed
    next_step = models.CharField(
        max_length=20,
        blank=True,
        choices=[
            ("continue", _("Continue")),
            ("maintenance", _("Maintenance dose")),
            ("adjust", _("Adjust")),
            ("hold", _("Hold")),
            ("stop", _("Stop")),
        ],
    )
    next_step_on = models.DateField(null=True, blank=True)
    status = models.CharField(
        max_length=20,
        default="preliminary",
        choices=[("preliminary", _("draft")), ("final", _("signed")), ("entered-in-error", _("entered in error"))],
    )
    signed_at = models.DateTimeField(null=True)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(null=True)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="final") | (Q(signed_at__isnull=False) & ~Q(next_step="")),
                name="signed_note_is_whole",
            )
        ]
