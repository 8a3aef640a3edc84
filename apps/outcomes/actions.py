"""Store a forecast as it was made, and grade it when its day has come. Neither touches an alert."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import Clinic, User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.monitoring.models import QuestionnaireResponse
from apps.outcomes.came import answers_since, as_planned, doses_of
from apps.outcomes.incremental import belief_of
from apps.outcomes.learning import as_columns, model_of
from apps.outcomes.mathematics.courses import Course
from apps.outcomes.mathematics.selftest import Grade as Graded
from apps.outcomes.mathematics.selftest import SelfTest, self_test
from apps.outcomes.mathematics.weakness import Group, Told, measured
from apps.outcomes.models import Forecast, ForecastPoint, Grade, ModelVersion, Review
from apps.outcomes.outlook import outlook
from apps.outcomes.prior import Versioned
from apps.patients.models import Patient

BAND = 2.563  # standard deviations between the ends of an 80 % band


@transaction.atomic
def store_forecast(*, patient: Patient, course: Course, at: datetime, zone: ZoneInfo) -> Forecast:
    """Make today's forecast and keep it with what it rests on. Needs the clinic in scope."""
    known = model_of(patient.clinic)
    version = _version(patient, known)
    found = outlook(course, known.model, str(patient.pk), belief_of(patient, course, known.model, version))
    today = at.astimezone(zone).date()
    low, high = found.window or (None, None)
    forecast = Forecast.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        model=version,
        made_at=at,
        made_on=today,
        baseline=course.baseline,
        threshold=found.threshold,
        last_score=found.last_score,
        scores=len(course.scores),
        doses=len(course.doses),
        moods=len(course.moods),
        effect=found.effect,
        relapse14=found.relapse14,
        already=found.already,
        either14=found.either14,
        window_low=low,
        window_high=high,
        response=found.response,
        response_on=today + timedelta(days=found.response_in) if found.response_in else None,
        plan=[day - course.last_day for day in sorted(course.plan)],
        synthetic=patient.synthetic,
    )
    ForecastPoint.objects.bulk_create(
        ForecastPoint(
            clinic_id=patient.clinic_id,
            forecast=forecast,
            for_on=today + timedelta(days=fan.day),
            days_ahead=fan.day,
            **{name: getattr(fan, name) for name in ("low80", "low50", "middle", "high50", "high80")},
        )
        for fan in found.fan
    )
    return forecast


@transaction.atomic
def grade_points(*, clinic: Clinic, today: date) -> int:
    """Grade every point of the last days whose answer has come on its very day; how many. Needs the clinic in scope.

    Sessions other than those of its plan make the forecast another one, and it is left ungraded.
    """
    zone, since = clock.zone_of(clinic.time_zone), today - timedelta(days=7)
    points = ForecastPoint.objects.filter(for_on__range=(since, today), grades__isnull=True)
    waiting = list(points.select_related("forecast"))
    people = {point.forecast.patient_id for point in waiting}
    answers, doses = answers_since(people, zone, since, clinic), doses_of(people)
    grades = []
    for point in waiting:
        response = answers.get(point.forecast.patient_id, {}).get(point.for_on)
        moments = doses.get(point.forecast.patient_id, [])
        if response is None or response.total is None:
            continue
        if as_planned(point.forecast, point.for_on, moments, zone):
            grades.append(_grade(point, response, float(response.total)))
    Grade.objects.bulk_create(grades)
    return len(grades)


def standing(clinic: Clinic) -> SelfTest:
    """How the forecasts of this clinic have held so far, by the sequential test. Needs the clinic in scope."""
    found = _grades(clinic).values_list("point__forecast__patient_id", "point__for_on", "share")
    return self_test(Graded(str(person), day.toordinal() // 7, share) for person, day, share in found)


def errors_of(clinic: Clinic) -> list[Graded]:
    """Each graded answer less its middle, in standard deviations of its band. Needs the clinic in scope."""
    columns = ("point__forecast__patient_id", "point__for_on", "error", "point__low80", "point__high80")
    return [
        Graded(str(person), day.toordinal() // 7, error / max((high - low) / BAND, 1.0))
        for person, day, error, low, high in _grades(clinic).values_list(*columns)
    ]


def groups_measured(clinic: Clinic) -> tuple[Group, ...]:
    """How the bands have held in groups of people and forecasts, the weakest first. Needs the clinic in scope."""
    newest = _grades(clinic).order_by("-id").values_list("id", flat=True).first()
    return () if newest is None else _measured(clinic, model_of(clinic).version, newest)


@lru_cache(maxsize=64)
def _measured(clinic: Clinic, _version: str, _newest: UUID) -> tuple[Group, ...]:
    """Again only when another grade has come: a page must not read all of them each time."""
    forecast = "point__forecast__"
    names = [f"{forecast}{name}" for name in ("baseline", "scores", "moods", "doses")]
    columns = (f"{forecast}patient_id", "point__for_on", "share", *names, "point__days_ahead", f"{forecast}plan")
    rows = _grades(clinic).values_list(*columns)
    return tuple(
        measured(
            (Graded(str(person), day.toordinal() // 7, share), Told(base, scores, moods, doses, ahead, len(plan)))
            for person, day, share, base, scores, moods, doses, ahead, plan in rows
        )
    )


def _grades(clinic: Clinic) -> QuerySet[Grade]:
    """Of the model in use, in the order in which their day came."""
    rows = Grade.objects.filter(clinic=clinic, point__forecast__model__version=model_of(clinic).version)
    rows = rows if clinic.synthetic else rows.filter(point__forecast__synthetic=False)
    return rows.order_by("point__for_on", "id")


@transaction.atomic
def mark_reviewed(*, patient: Patient, actor: User) -> Review:
    """Somebody looked at how this person does. Needs the clinic in scope."""
    assert actor.membership is not None  # noqa: S101  (doors let nobody else in)
    row = Review.objects.create(clinic_id=patient.clinic_id, patient=patient, by=actor.membership, at=clock.now())
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail="reviewed")
    return row


def _version(patient: Patient, known: Versioned) -> ModelVersion:
    row, _made = ModelVersion.objects.get_or_create(
        clinic_id=patient.clinic_id,
        version=known.version,
        defaults={"source": known.source, **as_columns(known.model)},
    )
    return row


def _grade(point: ForecastPoint, response: QuestionnaireResponse, total: float) -> Grade:
    inside = min(point.high80, total + 0.5) - max(point.low80, total - 0.5)
    return Grade(
        clinic_id=point.clinic_id,
        point=point,
        response=response,
        share=min(max(inside, 0.0), 1.0),
        error=total - point.middle,
    )
