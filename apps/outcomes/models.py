"""Forecasts as they were made, what came of them, and when a clinic's next ones are due."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.monitoring.models import QuestionnaireResponse
from apps.patients.models import Patient


class ModelVersion(ClinicRow):
    """A model as a clinic used it. Append-only."""

    version = models.CharField(max_length=60)
    source = models.CharField(max_length=200)  # what it was fitted to
    noise = models.JSONField()
    weights = models.JSONField()
    widening = models.FloatField(default=1.0, db_default=1.0)  # of the bands
    shapes = models.PositiveSmallIntegerField(default=1, db_default=1)  # which grid the weights are of (grid.SHAPES)
    relapse_shift = models.FloatField(default=0.0, db_default=0.0)  # of the log-odds of a relapse
    relapse_slope = models.FloatField(default=1.0, db_default=1.0)
    learned_from = models.PositiveIntegerField(default=0, db_default=0)  # courses of this clinic; 0: came with Telek

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "version"], name="model_version_once")]

    def __str__(self) -> str:
        return self.version


class Forecast(ClinicRow):
    """What was said of one person on one day, under a plan of sessions. Append-only; never withdrawn."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="forecasts")
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    made_on = models.DateField()  # in the clinic's calendar
    baseline = models.FloatField()
    threshold = models.PositiveSmallIntegerField()
    last_score = models.FloatField()
    scores = models.PositiveIntegerField()  # how many of each it rests on
    doses = models.PositiveIntegerField()
    moods = models.PositiveIntegerField()
    effect = models.FloatField()
    relapse14 = models.FloatField(null=True)  # of one who is below the threshold
    already = models.FloatField(null=True)  # probability of being at or above it, whatever the last answer was
    either14 = models.FloatField(null=True)  # of a relapse within 14 days, wherever the person stands
    window_low = models.FloatField(null=True)
    window_high = models.FloatField(null=True)
    response = models.FloatField(null=True)  # probability of a response to the first series, and when it is judged
    response_on = models.DateField(null=True)
    plan = models.JSONField(default=list, db_default=[])  # days from made_on with a planned session; empty: none
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        indexes = [models.Index(fields=["clinic", "patient", "-made_at"], name="forecast_newest")]


class FilterState(ClinicRow):
    """What the filter believes of a person on one day, to go on from; worth nothing once its inputs or model change."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    day = models.PositiveIntegerField()  # of the course; the first session is day 0
    inputs_hash = models.CharField(max_length=64)
    state = models.BinaryField()

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "patient"], name="filter_state_once")]


class ForecastPoint(ClinicRow):
    """The PHQ-9 of one coming day: the middle and the ranges of half and of 80 % of the time. Append-only."""

    forecast = models.ForeignKey(Forecast, on_delete=models.PROTECT, related_name="points")
    for_on = models.DateField()
    days_ahead = models.PositiveSmallIntegerField()
    low80 = models.FloatField()
    low50 = models.FloatField()
    middle = models.FloatField()
    high50 = models.FloatField()
    high80 = models.FloatField()

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "forecast", "days_ahead"], name="forecast_point_once")]
        indexes = [models.Index(fields=["clinic", "for_on"], name="forecast_point_day")]


class Grade(ClinicRow):
    """What came on the day of a point. share: of the answer's rounding cell inside the 80 % band. Append-only."""

    point = models.ForeignKey(ForecastPoint, on_delete=models.PROTECT, related_name="grades")
    response = models.ForeignKey(QuestionnaireResponse, on_delete=models.PROTECT, related_name="+")
    share = models.FloatField()
    error = models.FloatField()  # of the middle, in points

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "point"], name="grade_once"),
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="grade_is_a_share"),
        ]


class Chance(models.TextChoices):
    """What a forecast gave a probability of."""

    RESPONSE = "response", "response"
    RELAPSE = "relapse14", "relapse within 14 days"


class ChanceGrade(ClinicRow):
    """What came of a probability, by the answers of the days it was about. Append-only."""

    forecast = models.ForeignKey(Forecast, on_delete=models.PROTECT, related_name="chance_grades")
    kind = models.CharField(max_length=10, choices=Chance.choices)
    chance = models.FloatField()
    came = models.BooleanField()
    for_on = models.DateField()  # the day of the answer that settled it
    response = models.ForeignKey(QuestionnaireResponse, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "forecast", "kind"], name="chance_grade_once"),
            models.CheckConstraint(condition=Q(chance__gte=0, chance__lte=1), name="chance_is_a_probability"),
            models.CheckConstraint(condition=Q(kind__in=["response", "relapse14"]), name="chance_of_a_known_kind"),
        ]


class ForecastClock(ClinicRow):
    """When a clinic's people are looked through next, and whether its forecasts still hold what they say.

    broken_at: the self-test found the bands broken; drifted_at: answers lie to one side of the middle.
    """

    next_at = models.DateTimeField()
    broken_at = models.DateTimeField(null=True)
    drifted_at = models.DateTimeField(null=True)
    refit_at = models.DateTimeField(null=True)  # when its own model is fitted next; null: never yet

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic"], name="forecast_clock_once")]
        indexes = [models.Index(fields=["next_at"], name="forecast_clock_due")]


class Review(ClinicRow):
    """Somebody looked at how a person does and left it as it is. Append-only."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="reviews")
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        indexes = [models.Index(fields=["clinic", "patient", "-at"], name="review_newest")]
