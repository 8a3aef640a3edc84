"""What a forecast costs: of one person from the whole course, and the part of it after the course is known."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from statistics import median

from apps.outcomes.mathematics.courses import Course, day_table
from apps.outcomes.mathematics.running import last_beliefs
from apps.outcomes.outlook import outlook
from apps.outcomes.prior import starting_model
from tests.bench.figures import Figure, cpu_ms
from tests.chaos.rig import Rig
from tests.outcomes import clinics

PEOPLE = 30
GOAL_MS = 20.0
DAYS = 90


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


def _course(record: dict) -> Course:  # type: ignore[type-arg]
    return Course(
        record["baseline_phq9"],
        record["relapse_threshold"],
        DAYS,
        {each["day"]: each["dose_mg_per_kg"] for each in record["sessions"] if each["day"] <= DAYS},
        {each["day"]: each["total"] for each in record["scores"]},
        {each["day"]: each["value"] for each in record["moods"]},
    )
