"""A clinic's own model: fitted to its own finished courses, taken into use only where it says more than the one before.

Rows of simulations, demonstrations and drills never enter it, and a synthetic clinic learns nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction

from apps.accounts.models import Clinic
from apps.core.clock import zone_of
from apps.monitoring.models import Anchor, Observation, QuestionnaireResponse
from apps.monitoring.moods import MOOD
from apps.outcomes.mathematics.courses import Course
from apps.outcomes.mathematics.fit import Model
from apps.outcomes.mathematics.grid import SHAPES, make_grid
from apps.outcomes.mathematics.kalman import Noise
from apps.outcomes.mathematics.widening import held_out_loss, learn
from apps.outcomes.models import ModelVersion
from apps.outcomes.people import INSTRUMENT, course_of
from apps.outcomes.prior import Versioned, learning_prior, starting_model
from apps.patients.models import Patient

ENOUGH_PEOPLE: Final = 60  # below it the prior alone is as good as a fit
ENOUGH_SCORES: Final = 5  # of a person, to learn from
ENOUGH_DAYS: Final = 28
HELD_OUT: Final = 4  # every so manieth person judges


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it. taken: a new version is in use; ours, before: held-out loss in points, lower is better."""

    people: int
    taken: bool
    ours: float | None = None
    before: float | None = None


def model_of(clinic: Clinic) -> Versioned:
    """The clinic's newest own model, else the one that comes with Telek. Needs the clinic in scope."""
    own = ModelVersion.objects.filter(clinic=clinic, learned_from__gt=0, shapes=SHAPES)
    row = own.order_by("-created_at", "-id").first()
    return starting_model() if row is None else _loaded(row.pk, row.version, row.source, _content(row))


def learn_from(clinic: Clinic, at: datetime, steps: Any = learn) -> Learned:
    """Fit to three of four people, judge by the fourth, and take the fit to all into use if it is no worse.

    Needs the clinic in scope; no transaction is open while it is fitted. steps: the fitting function.
    """
    with transaction.atomic():
        courses = [] if clinic.synthetic else own_courses(clinic, at)
        known = model_of(clinic).model
    if len(courses) < ENOUGH_PEOPLE:
        return Learned(len(courses), taken=False)
    start, prior = starting_model().model.noise, learning_prior()
    judges = courses[::HELD_OUT]
    others = [course for number, course in enumerate(courses) if number % HELD_OUT]
    ours = held_out_loss(steps(others, start=start, prior=prior), judges)
    before = held_out_loss(known, judges)
    if ours > before:
        return Learned(len(courses), taken=False, ours=ours, before=before)
    _store(clinic, steps(courses, start=start, prior=prior), len(courses), at)
    return Learned(len(courses), taken=True, ours=ours, before=before)


def own_courses(clinic: Clinic, at: datetime) -> list[Course]:
    """Courses of real people of the clinic, long enough to learn from."""
    zone = zone_of(clinic.time_zone)
    people = Patient.objects.filter(clinic=clinic, synthetic=False).exclude(status="entered-in-error").order_by("pk")
    found = (_course(patient, at, zone) for patient in people.iterator())
    return [
        course
        for course in found
        if course is not None and course.last_day >= ENOUGH_DAYS and len(course.scores) >= ENOUGH_SCORES
    ]


def _course(patient: Patient, at: datetime, zone: ZoneInfo) -> Course | None:
    responses = QuestionnaireResponse.objects.filter(
        patient=patient, questionnaire__key=INSTRUMENT, status="completed", synthetic=False
    )
    return course_of(
        responses.defer("answers").order_by("authored_at"),
        Anchor.objects.filter(patient=patient, kind="dose", status="completed", synthetic=False).order_by("started_at"),
        Observation.objects.filter(patient=patient, code=MOOD, status="final", synthetic=False),
        at,
        zone,
    )


@transaction.atomic
def _store(clinic: Clinic, model: Model, people: int, at: datetime) -> ModelVersion:
    return ModelVersion.objects.create(
        clinic=clinic,
        version=f"own-{at:%Y%m%d-%H%M%S}",
        source=f"{people} courses of this clinic",
        **as_columns(model),
        learned_from=people,
    )


def as_columns(model: Model) -> dict[str, Any]:
    """A model as its version keeps it."""
    return {
        "noise": asdict(model.noise),
        "weights": [float(weight) for weight in model.weights],
        "widening": model.widening,
        "shapes": SHAPES,
        "relapse_shift": model.shift,
        "relapse_slope": model.slope,
    }


Content = tuple[tuple[tuple[str, float], ...], tuple[float, ...], tuple[float, float, float]]


def _content(row: ModelVersion) -> Content:
    factors = (row.widening, row.relapse_shift, row.relapse_slope)
    return tuple(sorted(row.noise.items())), tuple(row.weights), factors


@lru_cache(maxsize=64)
def _loaded(_pk: UUID, version: str, source: str, content: Content) -> Versioned:
    noise, weights, factors = content
    return Versioned(Model(make_grid(), Noise(**dict(noise)), np.array(weights), *factors), version, source)
