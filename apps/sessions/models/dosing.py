"""A course of treatment, its dosing sessions, what was given and what happened. Written once where it records."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.monitoring.models import Anchor
from apps.patients.models import Patient


class Product(models.TextChoices):
    ESKETAMINE = "esketamine", _("esketamine nasal spray")
    KETAMINE = "ketamine", _("ketamine")


class DoseRoute(models.TextChoices):
    """As dose_limits.Route."""

    IV = "iv", _("IV infusion")
    IM = "im", _("into the muscle")
    SC = "sc", _("under the skin")
    NASAL = "intranasal_esketamine", _("nasal spray")
    SL = "sl", _("under the tongue")
    ORAL = "oral", _("by mouth")
    PAIN = "iv_pain", _("IV, pain protocol")


class CourseStatus(models.TextChoices):
    """FHIR CarePlan's words."""

    ACTIVE = "active", _("going on")
    ON_HOLD = "on-hold", _("on hold")
    COMPLETED = "completed", _("completed")
    REVOKED = "revoked", _("stopped")
    IN_ERROR = "entered-in-error", _("entered in error")


class Course(ClinicRow):
    """A planned series of doses for one person (FHIR CarePlan)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses")
    template = models.CharField(max_length=40)  # key of treatment.courses or of the clinic's own, as it was chosen
    protocol = models.ForeignKey("Protocol", null=True, on_delete=models.PROTECT, related_name="courses")
    phase = models.PositiveSmallIntegerField(default=0, db_default=0)  # of its template, from 0
    product = models.CharField(max_length=12, choices=Product)
    route = models.CharField(max_length=24, choices=DoseRoute)
    indication = models.CharField(
        max_length=12,
        choices=[
            ("TRD", _("treatment-resistant depression")),
            ("MDD_SI", _("depression with acute suicidal thoughts")),
            ("depression", _("depression, off label")),
            ("pain", _("pain, off label")),
        ],
    )
    planned_doses = models.PositiveSmallIntegerField(null=True, blank=True)  # of phases with a number; None: all open
    inpatient = models.BooleanField(default=False)
    site = models.CharField(
        max_length=60, blank=True, db_default=""
    )  # of apps/sessions/sites.py, as it was called then
    rems_enrolled_on = models.DateField(null=True, blank=True)
    prescriber = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=20, choices=CourseStatus, default=CourseStatus.ACTIVE)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    stop_reason = models.CharField(max_length=300, blank=True)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "patient"], condition=Q(status__in=["active", "on-hold"]), name="one_course_a_person"
            ),
            models.CheckConstraint(
                condition=Q(product="esketamine", route="intranasal_esketamine")
                | (Q(product="ketamine") & ~Q(route="intranasal_esketamine")),
                name="course_route_fits_product",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_product_display()}, {self.get_route_display()}"


class SessionStatus(models.TextChoices):
    """FHIR Encounter's words."""

    IN_PROGRESS = "in-progress", _("in the chair")
    FINISHED = "finished", _("finished")
    CANCELLED = "cancelled", _("ended without a dose")


SESSION_OPEN = SessionStatus.IN_PROGRESS


class DosingSession(ClinicRow):
    """A person in the chair, from coming to leaving.

    The last_ columns, label, level and next_check_at repeat what the events say, so that the board is one query.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="dosing_sessions")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="sessions")
    number = models.PositiveSmallIntegerField()  # of the course, from 1
    chair = models.CharField(max_length=30)
    place = models.CharField(
        max_length=6, default="clinic", db_default="clinic", choices=[("clinic", _("clinic")), ("home", _("at home"))]
    )
    status = models.CharField(max_length=12, choices=SessionStatus, default=SessionStatus.IN_PROGRESS)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)
    finished_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(
        max_length=16,
        blank=True,
        choices=[
            ("discharged", _("discharged")),
            ("overridden", _("discharged, two people decided")),
            ("against-advice", _("left against advice")),
            ("no-dose", _("no dose given")),
        ],
    )
    outcome_reason = models.CharField(max_length=300, blank=True)
    outcome_missing = models.JSONField(default=list)  # blockers that stood when the person left
    countersigned_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    dose_label = models.CharField(max_length=80, blank=True)
    dose_started_at = models.DateTimeField(null=True)
    dose_ended_at = models.DateTimeField(null=True)
    last_sbp = models.PositiveSmallIntegerField(null=True)
    last_dbp = models.PositiveSmallIntegerField(null=True)
    last_hr = models.PositiveSmallIntegerField(null=True)
    last_spo2 = models.PositiveSmallIntegerField(null=True)
    last_rr = models.PositiveSmallIntegerField(null=True)
    last_vitals_at = models.DateTimeField(null=True)
    last_moaas = models.PositiveSmallIntegerField(null=True)
    last_moaas_at = models.DateTimeField(null=True)
    level = models.CharField(max_length=2, blank=True)  # P1, P2: of the last reading
    next_check_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "patient"], condition=Q(status="in-progress"), name="one_open_session_a_person"
            ),
            models.CheckConstraint(
                condition=Q(status="in-progress") | (Q(finished_at__isnull=False) & ~Q(outcome="")),
                name="finished_session_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["overridden"]) | Q(countersigned_by__isnull=False),
                name="override_has_two_people",
            ),
            models.CheckConstraint(
                condition=Q(countersigned_by__isnull=True) | ~Q(countersigned_by=F("finished_by")),
                name="leaving_signed_by_two_different_people",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "status", "chair"], name="session_board")]

    @property
    def is_open(self) -> bool:
        """The person is still here."""
        return self.status == SESSION_OPEN

    @property
    def path(self) -> str:
        """Its page at the desk."""
        return f"/desk/sessions/{self.pk}/"


class PreDoseCheck(ClinicRow):
    """What staff asked on the day, before the dose. Written once; the newest counts."""

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="pre_dose_checks")
    food_hours = models.DecimalField(max_digits=5, decimal_places=1)
    liquid_minutes = models.PositiveSmallIntegerField()
    nasal_spray_minutes = models.PositiveSmallIntegerField(null=True)  # None: none used
    ride = models.BooleanField()
    ride_name = models.CharField(max_length=120, blank=True)
    intoxicated = models.BooleanField()
    prescriber_present = models.BooleanField()
    prescriber_name = models.CharField(max_length=120, blank=True)
    new_findings = models.JSONField(default=list)  # reason codes of eligibility that are new today
    nothing_new = models.BooleanField()
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(food_hours__gte=0) & Q(food_hours__lte=999), name="food_hours_is_a_time")
        ]


class GateOverride(ClinicRow):
    """A prescriber decided to go on in spite of one thing, with a reason. Written once."""

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="overrides")
    code = models.CharField(max_length=60)
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "session", "code"], name="override_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_a_reason"),
        ]


class MedicationAdministration(ClinicRow):
    """A dose that was given (FHIR MedicationAdministration). mg, kg, minutes. A wrong one is voided, never changed."""

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="doses")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="doses")
    route = models.CharField(max_length=24, choices=DoseRoute)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    given_mg = models.DecimalField(max_digits=7, decimal_places=2, null=True)  # when it was stopped early
    weight_kg = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    duration_minutes = models.PositiveSmallIntegerField(null=True)
    mg_per_kg = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    level = models.CharField(max_length=16)  # dose_limits.DoseLevel
    reasons = models.JSONField(default=list)
    reason = models.CharField(max_length=300, blank=True)  # why above usual
    gate = models.JSONField(default=list)  # what stood and was overridden when it was given
    lot = models.CharField(max_length=40)
    wasted_mg = models.DecimalField(max_digits=7, decimal_places=2, default=Decimal(0))
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    given_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    checked_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    solo = models.BooleanField(default=False)
    next_step_at = models.DateTimeField(null=True)  # a dose without a second person is reviewed the next day
    reviewed_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    anchor = models.ForeignKey(Anchor, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=20,
        default="in-progress",
        choices=[
            ("in-progress", _("being given")),
            ("completed", _("given")),
            ("entered-in-error", _("entered in error")),
        ],
    )
    status_reason = models.CharField(max_length=300, blank=True)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "session"], condition=~Q(status="entered-in-error"), name="one_dose_a_session"
            ),
            # NaN is greater than every number to PostgreSQL, so the upper limit keeps it out as well.
            models.CheckConstraint(condition=Q(dose_mg__gt=0) & Q(dose_mg__lte=5000), name="dose_is_a_dose"),
            models.CheckConstraint(
                condition=Q(given_mg__isnull=True) | (Q(given_mg__gte=0) & Q(given_mg__lte=F("dose_mg"))),
                name="given_is_part_of_the_dose",
            ),
            models.CheckConstraint(
                condition=Q(weight_kg__isnull=True) | (Q(weight_kg__gte=30) & Q(weight_kg__lte=250)),
                name="weight_is_plausible",
            ),
            models.CheckConstraint(
                condition=Q(route="intranasal_esketamine") | Q(weight_kg__isnull=False), name="weight_where_it_counts"
            ),
            models.CheckConstraint(condition=Q(wasted_mg__gte=0) & Q(wasted_mg__lte=5000), name="waste_is_a_number"),
            models.CheckConstraint(
                condition=Q(level__in=["within_usual", "below_usual"]) | (Q(level="above_usual") & ~Q(reason="")),
                name="no_hard_stop_and_a_reason_above_usual",
            ),
            models.CheckConstraint(
                condition=(Q(solo=True) & Q(checked_by__isnull=True)) | (Q(solo=False) & Q(checked_by__isnull=False)),
                name="dose_has_a_second_person_or_is_solo",
            ),
            models.CheckConstraint(condition=~Q(checked_by=F("given_by")), name="dose_signed_by_two_different_people"),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("given_by")), name="nobody_reviews_themselves"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="dose_ends_after_it_began"
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-started_at"], name="dose_patient"),
            models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="dose_review_due"),
        ]

    def __str__(self) -> str:
        return f"{self.get_route_display()} {self.dose_mg.normalize():f} mg"


class SessionEventKind(models.TextChoices):
    """What is noted in a session."""

    VITALS = "vitals", _("vital signs")
    MOAAS = "moaas", _("sedation, MOAA/S")
    CADSS = "cadss", _("dissociation, CADSS-6")
    ALDRETE = "aldrete", _("recovery, Aldrete")
    EFFECT = "effect", _("side effect")
    EFFECT_GONE = "effect-gone", _("side effect gone")
    DOSE_STARTED = "dose-started", _("dose started")
    DEVICE = "device", _("device given")
    RATE = "rate", _("rate changed")
    DOSE_ENDED = "dose-ended", _("dose ended")
    DOSE_MOVED = "dose-moved", _("time of the dose corrected")
    DOSE_VOIDED = "dose-voided", _("dose entered in error")
    ESCORT = "escort", _("goes home with")
    LOOK_IN = "look-in", _("look-in at home")
    MUSIC = "music", _("music")
    EYE_MASK = "eye-mask", _("eye mask")
    NOTE = "note", _("note")
    VOID = "void", _("taken back")


#: Kinds that a tap on the board may record; the others are written by their verbs.
TAPS = frozenset(
    {
        "vitals", "moaas", "cadss", "aldrete", "effect", "effect-gone", "rate", "escort", "note", "void", "music", "eye-mask",
    }
)  # fmt: skip


class SessionEvent(ClinicRow):
    """One thing that happened in a session, with its own time. Written once; a correction is a new row.

    mm[Hg], /min, %; score of MOAA/S (0-5), CADSS-6 (0-24) or Aldrete (0-10); grade 1-5; rate ml/h.
    """

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="events")
    client_id = models.UUIDField()  # made by the browser; the same again is the same event
    kind = models.CharField(max_length=16, choices=SessionEventKind)
    occurred_at = models.DateTimeField()
    actor = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    sbp = models.PositiveSmallIntegerField(null=True)
    dbp = models.PositiveSmallIntegerField(null=True)
    hr = models.PositiveSmallIntegerField(null=True)
    spo2 = models.PositiveSmallIntegerField(null=True)
    rr = models.PositiveSmallIntegerField(null=True)
    score = models.PositiveSmallIntegerField(null=True)
    rate_ml_h = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    term = models.CharField(max_length=60, blank=True)
    grade = models.PositiveSmallIntegerField(null=True)
    text = models.CharField(max_length=300, blank=True)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL
    own_path = "session__patient__user_id"

    class Meta:
        ordering = ["occurred_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "session", "client_id"], name="session_event_once"),
            models.CheckConstraint(
                condition=~Q(kind="moaas") | (Q(score__isnull=False) & Q(score__lte=5)), name="moaas_is_0_to_5"
            ),
            models.CheckConstraint(
                condition=~Q(kind="cadss") | (Q(score__isnull=False) & Q(score__lte=24)), name="cadss_is_0_to_24"
            ),
            models.CheckConstraint(
                condition=~Q(kind="aldrete") | (Q(score__isnull=False) & Q(score__lte=10)), name="aldrete_is_0_to_10"
            ),
            models.CheckConstraint(
                condition=Q(grade__isnull=True) | (Q(grade__gte=1) & Q(grade__lte=5)), name="grade_is_1_to_5"
            ),
            models.CheckConstraint(condition=~Q(kind="effect") | ~Q(term=""), name="effect_has_a_name"),
            models.CheckConstraint(condition=~Q(kind="void") | Q(corrects__isnull=False), name="void_names_its_event"),
        ]
        indexes = [models.Index(fields=["clinic", "session", "occurred_at"], name="session_event_order")]


class CountersignPin(ClinicRow):
    """With what a member confirms on somebody else's screen. Only a slow hash is stored."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    pin_hash = models.CharField(max_length=200)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "membership"], name="one_pin_a_member")]
