"""What people answer and what is measured: questionnaires, schedules, slots, answers, observations."""

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, ClinicRowQuerySet, Membership
from apps.accounts.permissions import Permission
from apps.core.models import Row
from apps.monitoring.instruments.pack import shown_version
from apps.monitoring.instruments.rhythms import PHASES
from apps.patients.models import Patient

PHASE_CHOICES = [(code, _(name)) for code, name in PHASES.items()]


M = TypeVar("M", bound=models.Model)


class OfPeople(ClinicRowQuerySet[M]):
    """Rows about people, without the canary's."""

    def visible_to(self, user: Any) -> Self:
        return super().visible_to(user).filter(patient__is_canary=False)


class Questionnaire(Row):
    """A published version of an instrument (FHIR Questionnaire); immutable. Shared by all clinics."""

    key = models.CharField(max_length=40)  # 'phq-9': the library's key
    version = models.CharField(max_length=40)  # of a pack: its version, "~", and the beginning of its digest
    language = models.CharField(max_length=12, default="en")
    title = models.CharField(max_length=120)
    definition = models.JSONField()  # items, options, codes, licence, as they were published
    digest = models.CharField(max_length=64)  # SHA-256 of the definition
    from_pack = models.BooleanField(default=False, db_default=False)  # wording of clinics: theirs alone to use

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version", "language"], name="questionnaire_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.title} {shown_version(self.version)}"


class PackState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")


class ContentPack(ClinicRow):
    """The wording of an instrument, with its licence, as one clinic installed it. Published, it never changes."""

    key = models.CharField(_("instrument"), max_length=40)
    version = models.CharField(_("version"), max_length=20)
    language = models.CharField(_("language"), max_length=12, default="en")
    title = models.CharField(_("title"), max_length=120)
    licence = models.TextField(_("licence"))
    attribution = models.TextField(_("attribution"))
    source_url = models.CharField(_("source"), max_length=300)
    document = models.JSONField()  # in our own schema, docs/content-packs.md
    digest = models.CharField(max_length=64)  # SHA-256 of the document
    state = models.CharField(_("state"), max_length=10, choices=PackState, default=PackState.DRAFT)
    questionnaire = models.ForeignKey(Questionnaire, null=True, on_delete=models.PROTECT, related_name="packs")
    installed_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(_("published"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "key", "version", "language"], name="pack_version_once"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(questionnaire__isnull=False, published_at__isnull=False),
                name="published_pack_has_a_questionnaire",
            ),
        ]
        verbose_name = _("content pack")
        verbose_name_plural = _("content packs")

    def __str__(self) -> str:
        return f"{self.title} {self.version} ({self.language})"


class SafetyItem(Row):
    """An answer of a published item that must never be without an alert; read by the database's own trigger."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="safety_items")
    link_id = models.CharField(max_length=40)
    value = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["questionnaire", "link_id", "value"], name="safety_item_once")]


class Assignment(ClinicRow):
    """A survey schedule of one person: which instrument, in which rhythm."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="assignments")
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="+")
    rhythm = models.CharField(
        max_length=10,
        choices=[
            ("daily", _("every day")),
            ("weekly", _("every week")),
            ("once", _("once")),
            ("anchored", _("after each dose")),
            ("follow-on", _("after an answer")),
            ("staff", _("by staff")),
        ],
    )
    weekday = models.PositiveSmallIntegerField(null=True, blank=True)  # 0 = Monday, for weekly
    every = models.PositiveSmallIntegerField(default=1, db_default=1)  # every so many days or weeks
    offsets = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True
    )  # minutes after a dose
    phase = models.CharField(
        max_length=12, blank=True, db_default="", choices=PHASE_CHOICES
    )  # of the set that it came from, "" by hand
    opens_time = models.TimeField(default="08:00")  # in the patient's local calendar
    open_hours = models.PositiveSmallIntegerField(default=16)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    paused_until = models.DateField(null=True, blank=True)
    assigned_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=20,
        default="active",
        choices=[("active", _("active")), ("completed", _("ended")), ("entered-in-error", _("entered in error"))],
    )
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"
    objects: ClassVar = OfPeople.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "patient", "questionnaire"],
                condition=Q(status="active"),
                name="one_schedule_an_instrument",
            ),
            models.CheckConstraint(condition=~Q(rhythm="weekly") | Q(weekday__isnull=False), name="weekly_has_a_day"),
        ]


class SlotState(models.TextChoices):
    SCHEDULED = "scheduled", _("planned")
    OPEN = "open", _("open")
    ANSWERED = "answered", _("answered")
    MISSED = "missed", _("not answered")
    CANCELLED = "cancelled", _("cancelled")


class LeftOut(models.TextChoices):
    """Why a planned form is left out; such a form comes back when the reason is gone, before it would have opened."""

    BUDGET = "budget", _("over the weekly number of questions")
    MERGED = "merged", _("its questions stand in another form")
    PLAN = "plan", _("the schedule or the dose has changed")


class Slot(ClinicRow):
    """One filling of a survey that is due. slot_key names it in the patient's calendar and never changes."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="slots")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="slots")
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="+")
    slot_key = models.CharField(max_length=20)  # '2026-11-24'
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=SlotState, default=SlotState.SCHEDULED)
    next_step_at = models.DateTimeField(null=True)  # open, nudge, close: the row is the timer
    left_out = models.CharField(max_length=8, choices=LeftOut, blank=True, db_default="")  # why it was cancelled
    nudged_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)  # when the person last asked to be reminded
    first_opened_at = models.DateTimeField(null=True)  # for the time it takes people
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"
    objects: ClassVar = OfPeople.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "assignment", "slot_key"], name="slot_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["scheduled", "open"]) | Q(next_step_at__isnull=False),
                name="living_slot_has_a_timer",
            ),
        ]
        indexes = [
            models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="slot_due"),
            models.Index(fields=["clinic", "patient", "-opens_at"], name="slot_patient"),
        ]


class AuthLevel(models.TextChoices):
    SESSION = "session", _("signed in")
    LINK = "link", _("via link")
    STAFF = "staff", _("by staff")


class ItemAnswer(ClinicRow):
    """One answer as given; never changed, the newest of an item counts. Its transaction judges safety."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="answers")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="+")
    link_id = models.CharField(max_length=40)
    value = models.IntegerField(null=True)  # null: skipped on purpose, or a text item
    text = models.CharField(max_length=2000, blank=True)
    skipped = models.BooleanField(default=False)
    client_id = models.UUIDField()  # made by the browser; the same again is the same answer
    answered_at = models.DateTimeField()  # the device's clock
    received_at = models.DateTimeField()  # ours
    auth_level = models.CharField(max_length=10, choices=AuthLevel)
    presentation = models.CharField(
        max_length=10, choices=[("pages", _("one a screen")), ("list", _("plain list")), ("api", _("by API"))]
    )

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"
    objects: ClassVar = OfPeople.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "patient", "client_id"], name="answer_once")]
        indexes = [models.Index(fields=["clinic", "slot", "link_id", "-received_at"], name="answer_newest")]


class QuestionnaireResponse(ClinicRow):
    """A submitted survey with its score (FHIR QuestionnaireResponse), for ever in the version it was given with."""

    slot = models.OneToOneField(Slot, on_delete=models.PROTECT, related_name="response")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="responses")
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="+")
    authored_at = models.DateTimeField()
    status = models.CharField(
        max_length=20,
        default="completed",
        choices=[("completed", _("completed")), ("entered-in-error", _("entered in error"))],
    )
    answers = models.JSONField()  # link_id -> value as counted
    valid = models.BooleanField()
    total = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    prorated = models.BooleanField(default=False)
    missing = models.PositiveSmallIntegerField(default=0)
    severity = models.CharField(max_length=30, blank=True)
    auth_level = models.CharField(max_length=10, choices=AuthLevel)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        indexes = [models.Index(fields=["clinic", "patient", "questionnaire", "-authored_at"], name="response_curve")]


class Holiday(ClinicRow):
    """A day on which the clinic is closed: weekly forms of that day open on the next one."""

    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "day"], name="holiday_once")]
        ordering = ("day",)
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class ScheduleLine(ClinicRow):
    """One form of the clinic's own set for a phase. A phase with any line uses these and not the product's."""

    phase = models.CharField(_("phase"), max_length=12, choices=PHASE_CHOICES)
    key = models.CharField(_("instrument"), max_length=40)
    rhythm = models.CharField(
        _("rhythm"),
        max_length=10,
        choices=[
            ("daily", _("every day")),
            ("weekly", _("every week")),
            ("once", _("once")),
            ("anchored", _("after each dose")),
        ],
    )
    every = models.PositiveSmallIntegerField(_("every"), default=1)
    offsets = models.JSONField(_("minutes after a dose"), default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "phase", "key"], name="line_once")]
        ordering = ("phase", "key")
        verbose_name = _("schedule line")
        verbose_name_plural = _("schedule lines")

    def __str__(self) -> str:
        return f"{self.get_phase_display()}: {self.key}"


class TreatmentPhase(ClinicRow):
    """The phase of treatment in which a person is; switching ends one and begins the next."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="phases")
    phase = models.CharField(max_length=12, choices=PHASE_CHOICES)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    started_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "patient"], condition=Q(ended_at__isnull=True), name="one_phase_at_a_time"
            )
        ]


class SurveyLink(ClinicRow):
    """A one-tap link into one slot. Only the hash is stored; looking never uses it up."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    delivery_id = models.UUIDField(null=True)  # the message that carried it: opened when the link is used


class Anchor(ClinicRow):
    """A moment that surveys and readings hang on, such as a dose, as monitoring sees it."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="anchors")
    kind = models.CharField(max_length=20, choices=[("dose", _("dose"))])
    label = models.CharField(max_length=80, blank=True)  # 'IV 0.5 mg/kg'
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    status = models.CharField(
        max_length=20,
        default="completed",
        choices=[("completed", _("given")), ("entered-in-error", _("entered in error"))],
    )
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        indexes = [models.Index(fields=["clinic", "patient", "-started_at"], name="anchor_patient")]


# Tables with modules of their own; Django finds its models here.
from apps.monitoring.problem_models import Outcome, Problem, ProblemNote, ProblemPhoto  # noqa: E402
from apps.monitoring.reading_models import (  # noqa: E402
    Device,
    DeviceWear,
    Observation,
    PatientLimits,
    VitalEpisode,
)

__all__ = [
    "Anchor",
    "Assignment",
    "AuthLevel",
    "Device",
    "DeviceWear",
    "ItemAnswer",
    "Observation",
    "Outcome",
    "PatientLimits",
    "Problem",
    "ProblemNote",
    "ProblemPhoto",
    "Questionnaire",
    "QuestionnaireResponse",
    "SafetyItem",
    "Slot",
    "SlotState",
    "SurveyLink",
    "VitalEpisode",
]
