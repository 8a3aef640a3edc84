"""Forecasts as they were made, what came of them, and when a clinic's next ones are due."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import ClinicRow
from apps.accounts.permissions import Permission
from apps.monitoring.models import QuestionnaireResponse
from apps.patients.models import Patient


class ModelVersion(ClinicRow):
    """A model as a clinic used it. Append-only."""

    version = models.CharField(max_length=60)
    source = models.CharField(max_length=200)  # what it was fitted to
    noise = models.JSONField()
    weights = models.JSONField()

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "version"], name="model_version_once")]

    def __str__(self) -> str:
        return self.version


class Forecast(ClinicRow):
    """What was said of one person on one day, without a further session. Append-only; never withdrawn."""

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
    relapse14 = models.FloatField(null=True)
    window_low = models.FloatField(null=True)
    window_high = models.FloatField(null=True)
    synthetic = models.BooleanField(default=False)

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        indexes = [models.Index(fields=["clinic", "patient", "-made_at"], name="forecast_newest")]


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


class ForecastClock(ClinicRow):
    """When a clinic's people are looked through next."""

    next_at = models.DateTimeField()

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic"], name="forecast_clock_once")]
        indexes = [models.Index(fields=["next_at"], name="forecast_clock_due")]
