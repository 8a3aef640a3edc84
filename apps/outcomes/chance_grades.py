"""Grade the probabilities of stored forecasts when their days have come, and how well they have been kept.

A relapse is defined by what a questionnaire without noise would say; nobody sees that. It is graded by the answers: one at
the threshold or above that the next one does not take back. On simulated courses both come equally often
(docs/forecasting.md). Nothing here touches an alert.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.models import Clinic
from apps.core import clock
from apps.monitoring.models import QuestionnaireResponse
from apps.outcomes.came import answers_since, as_planned, days_of_sessions, doses_of
from apps.outcomes.learning import model_of
from apps.outcomes.mathematics.chances import Kept, Said, kept
from apps.outcomes.models import Chance, ChanceGrade, Forecast

NEAR: Final = 2  # days that the answer to a response may lie beside its day
BEGINS: Final = 16  # a run of three days that begins within 14 is seen by then
SETTLED: Final = 21  # days after which a relapse is graded
CALM: Final = range(11, 18)  # an answer of these days is needed to say that there was none
TAKEN_BACK: Final = 3  # points under the threshold: the high answer before was noise
LOOK_BACK: Final = timedelta(days=3)

Days = Mapping[date, QuestionnaireResponse]


@dataclass(frozen=True, slots=True)
class Settled:
    """What came, and the answer that shows it."""

    came: bool
    by: QuestionnaireResponse


@transaction.atomic
def grade_chances(*, clinic: Clinic, today: date) -> int:
    """Grade what can be graded of the forecasts whose days are over; how many. Needs the clinic in scope."""
    zone = clock.zone_of(clinic.time_zone)
    waiting = [*_responses(today), *_relapses(today)]
    people = {forecast.patient_id for forecast, _kind in waiting}
    since = min((forecast.made_on for forecast, _kind in waiting), default=today)
    answers, doses = answers_since(people, zone, since, clinic), doses_of(people)
    grades = []
    for forecast, kind in waiting:
        settle = response_came if kind == Chance.RESPONSE else relapse_came
        found = settle(forecast, answers.get(forecast.patient_id, {}), doses.get(forecast.patient_id, []), zone)
        if found is not None:
            grades.append(_grade(forecast, kind, found, zone))
    ChanceGrade.objects.bulk_create(grades)
    return len(grades)


def response_came(forecast: Forecast, answers: Days, moments: list[datetime], zone: ZoneInfo) -> Settled | None:
    """By the answer nearest to its day; None without one, or where other sessions were given than planned."""
    on = forecast.response_on
    near = [day for day in answers if on is not None and abs((day - on).days) <= NEAR]
    if on is None or not near:
        return None
    day = min(near, key=lambda each: (abs((each - on).days), on - each))
    if not as_planned(forecast, day, moments, zone):
        return None
    return Settled(_total(answers[day]) <= forecast.baseline / 2, answers[day])


def relapse_came(forecast: Forecast, answers: Days, moments: list[datetime], zone: ZoneInfo) -> Settled | None:
    """By the answers until a session was given, its own day included; None where they do not say."""
    last = forecast.made_on + timedelta(days=SETTLED)
    until = min([last, *days_of_sessions(forecast, moments, zone)])
    days = sorted(day for day in answers if forecast.made_on < day <= until)
    for number, day in enumerate(days):
        after = _total(answers[days[number + 1]]) if number + 1 < len(days) else forecast.threshold
        high = _total(answers[day]) >= forecast.threshold and (day - forecast.made_on).days <= BEGINS
        if high and after > forecast.threshold - TAKEN_BACK:
            return Settled(came=True, by=answers[day])
    calm = [day for day in days if (day - forecast.made_on).days in CALM]
    return Settled(came=False, by=answers[calm[-1]]) if calm else None


def chances_of(clinic: Clinic) -> dict[str, Kept]:
    """How each probability of the model in use has been kept so far. Needs the clinic in scope."""
    rows = ChanceGrade.objects.filter(clinic=clinic, forecast__model__version=model_of(clinic).version)
    rows = rows if clinic.synthetic else rows.filter(forecast__synthetic=False)
    said: dict[str, list[Said]] = {kind: [] for kind in Chance.values}
    columns = ("kind", "forecast__patient_id", "forecast__made_on", "chance", "came")
    for kind, person, day, chance, came in rows.order_by("forecast__made_at", "id").values_list(*columns):
        said[kind].append(Said(str(person), day.toordinal(), chance, came))
    return {kind: kept(rows) for kind, rows in said.items()}


def _responses(today: date) -> list[tuple[Forecast, str]]:
    over = today - timedelta(days=NEAR + 1)
    rows = Forecast.objects.filter(response__isnull=False, response_on__range=(over - LOOK_BACK, over))
    return [(row, Chance.RESPONSE) for row in _ungraded(rows, Chance.RESPONSE)]


def _relapses(today: date) -> list[tuple[Forecast, str]]:
    over = today - timedelta(days=SETTLED + 1)
    rows = Forecast.objects.filter(either14__isnull=False, made_on__range=(over - LOOK_BACK, over))
    return [(row, Chance.RELAPSE) for row in _ungraded(rows, Chance.RELAPSE)]


def _ungraded(rows: QuerySet[Forecast], kind: str) -> QuerySet[Forecast]:
    graded = ChanceGrade.objects.filter(forecast=OuterRef("pk"), kind=kind)
    return rows.exclude(Exists(graded))


def _grade(forecast: Forecast, kind: str, found: Settled, zone: ZoneInfo) -> ChanceGrade:
    chance = forecast.response if kind == Chance.RESPONSE else forecast.either14
    assert chance is not None  # noqa: S101  (asked in the query)
    return ChanceGrade(
        clinic_id=forecast.clinic_id,
        forecast=forecast,
        kind=kind,
        chance=min(max(chance, 0.0), 1.0),
        came=found.came,
        for_on=found.by.authored_at.astimezone(zone).date(),
        response=found.by,
    )


def _total(response: QuestionnaireResponse) -> float:
    assert response.total is not None  # noqa: S101  (asked in the query)
    return float(response.total)
