"""The filter's state of a person, kept from day to day so that a night is one day's step.

Kept is yesterday's, because today's answers may still come. A late or corrected answer, dose or baseline changes the mark of
the inputs, and then the whole course is walked again; so does another model.
"""

from apps.outcomes.mathematics.courses import Course
from apps.outcomes.mathematics.fit import Model
from apps.outcomes.mathematics.kalman import Belief
from apps.outcomes.mathematics.stepping import as_bytes, from_bytes, inputs_hash, step_to
from apps.outcomes.models import FilterState, ModelVersion
from apps.patients.models import Patient


def belief_of(patient: Patient, course: Course, model: Model, version: ModelVersion) -> Belief:
    """What is believed of the person on the course's last day; yesterday's state is kept. Needs the clinic in scope."""
    row = FilterState.objects.filter(patient=patient).first()
    since = None if row is None else _usable(row, course, model, version)
    yesterday = course.last_day - 1
    if yesterday < 0:
        return step_to(course, course.last_day, model.grid, model.noise)
    if since is None or since[0] < yesterday:
        since = yesterday, step_to(course, yesterday, model.grid, model.noise, since)
        _keep(patient, row, version, since, inputs_hash(course, yesterday, model.grid, model.noise))
    return step_to(course, course.last_day, model.grid, model.noise, since)


def _usable(row: FilterState, course: Course, model: Model, version: ModelVersion) -> tuple[int, Belief] | None:
    if row.model_id != version.pk or row.day >= course.last_day:
        return None
    if row.inputs_hash != inputs_hash(course, row.day, model.grid, model.noise):
        return None
    return row.day, from_bytes(bytes(row.state), model.grid)


def _keep(
    patient: Patient, row: FilterState | None, version: ModelVersion, since: tuple[int, Belief], inputs: str
) -> None:
    content = {"model": version, "day": since[0], "inputs_hash": inputs, "state": as_bytes(since[1])}
    if row is None:
        FilterState.objects.update_or_create(clinic_id=patient.clinic_id, patient=patient, defaults=content)
    else:
        FilterState.objects.filter(pk=row.pk).update(**content)
