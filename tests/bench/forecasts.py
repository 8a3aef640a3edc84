"""What a forecast costs: of one person from the whole course, a clinic's nightly step, and what the chart adds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import timedelta
from statistics import median

from apps.accounts.clinic_settings import change_setting
from apps.core import clock
from apps.outcomes import nightly
from apps.outcomes.mathematics.courses import Course, day_table
from apps.outcomes.mathematics.running import last_beliefs
from apps.outcomes.models import ForecastClock
from apps.outcomes.outlook import outlook
from apps.outcomes.prior import starting_model
from apps.patients.models import Patient
from tests.bench import scene
from tests.bench.figures import Figure, cpu_ms
from tests.chaos.rig import Rig
from tests.desk.conftest import answer_phq9, give_dose
from tests.outcomes import clinics

PEOPLE = 30
GOAL_MS = 20.0
DAYS = 90
NIGHTLY = 40
CHARTS = 15
NIGHT_MS = 30.0  # 10,000 people in five minutes
PAGE_MS = 30.0


def forecast(_rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """Simulated people on their 90th day. The ceiling is the goal of 20 ms; filtering the course is named apart."""
    model = starting_model().model
    people = [_course(one.record) for one in clinics.courses(clinics.BASE, PEOPLE, options.seed)]
    whole = [cpu_ms(lambda one=one: outlook(one, model, "bench")) for one in people]  # type: ignore[misc]
    walks = [cpu_ms(lambda one=one: last_beliefs(day_table([one]), model.grid, model.noise)) for one in people]  # type: ignore[misc]
    yield Figure("forecast, whole course", median(whole), "ms CPU", GOAL_MS, PEOPLE)
    after = [each - walk for each, walk in zip(whole, walks, strict=True)]
    yield Figure("forecast, course already filtered", median(after), "ms CPU", GOAL_MS, PEOPLE)
    together = cpu_ms(lambda: last_beliefs(day_table(people), model.grid, model.noise)) / PEOPLE
    yield Figure("forecast, filtering a course among thirty", together, "ms CPU", GOAL_MS, PEOPLE)
    yield from _stored()


def _stored() -> Iterator[Figure]:
    """The nightly step as the pump does it, with its queries and rows; and the chart with forecasts and without."""
    treated = _treated(NIGHTLY)
    with scene.in_clinic() as clinic:
        timer = ForecastClock.objects.create(clinic=clinic, next_at=clock.now())
        first = cpu_ms(lambda: nightly.look_through(timer, clock.now(), NIGHTLY)) / NIGHTLY
    clock.shift(timedelta(days=1))
    with scene.in_clinic():
        step = cpu_ms(lambda: nightly.look_through(timer, clock.now(), NIGHTLY)) / NIGHTLY
    yield Figure("forecast, first night of a person", first, "ms CPU", NIGHT_MS, NIGHTLY)
    yield Figure("forecast, nightly step a person", step, "ms CPU", NIGHT_MS, NIGHTLY)
    yield Figure("forecast, nightly step of 10,000 people", step * 10, "s CPU", NIGHT_MS * 10, NIGHTLY)
    nurse = scene.signed_in(scene.person("osei"))
    path = f"/desk/patients/{treated[0].pk}/"
    nurse.get(path)
    plain = median(cpu_ms(lambda: nurse.get(path)) for _time in range(CHARTS))
    with scene.in_clinic() as clinic:
        change_setting(clinic=clinic, name="show_forecasts", value=True, actor=None, reason="bench")
    nurse.get(path)
    shown = median(cpu_ms(lambda: nurse.get(path)) for _time in range(CHARTS))
    yield Figure("chart, added by forecasts", shown - plain, "ms CPU", PAGE_MS, CHARTS)


def _treated(count: int) -> list[Patient]:
    """People with a score before, six doses, and a score a week for ten weeks."""
    people = scene.more_patients(count)
    with scene.in_clinic():
        for patient in people:
            for days, total in ((92, 19), *((90 - 7 * week, 8 + week % 4) for week in range(1, 11))):
                answer_phq9(patient, days, *(total // 9 + (item < total % 9) for item in range(9)))
            for days in (90, 87, 83, 80, 76, 73):
                give_dose(patient, days)
    return people


def _course(record: dict) -> Course:  # type: ignore[type-arg]
    return Course(
        record["baseline_phq9"],
        record["relapse_threshold"],
        DAYS,
        {each["day"]: each["dose_mg_per_kg"] for each in record["sessions"] if each["day"] <= DAYS},
        {each["day"]: each["total"] for each in record["scores"]},
        {each["day"]: each["value"] for each in record["moods"]},
    )
