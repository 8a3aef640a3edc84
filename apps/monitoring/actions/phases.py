"""The phase of a person's course: switching ends one set of schedules and starts the other, and asks nothing twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.monitoring.actions.assignments import UNPLANNED, assign, change_schedule, end
from apps.monitoring.actions.follow_on import SCREENER, SINCE
from apps.monitoring.actions.library import newest, worded
from apps.monitoring.instruments import LIBRARY
from apps.monitoring.instruments.rhythms import BASELINE, PHASES, Line, default_lines
from apps.monitoring.models import Assignment, ScheduleLine, TreatmentPhase
from apps.monitoring.plans import local_today
from apps.monitoring.published import definition_of
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient


@dataclass(slots=True)
class Switch:
    """What a switch does, by instrument. left_alone: given by hand, or without wording here, and why."""

    phase: str
    starts: list[Line] = field(default_factory=list)
    changes: list[tuple[Assignment, Line]] = field(default_factory=list)
    ends: list[Assignment] = field(default_factory=list)
    left_alone: list[tuple[str, str]] = field(default_factory=list)


def lines_of(clinic: Clinic, phase: str) -> list[Line]:
    """The clinic's own set for a phase, else the product's. Raises SurveyRefused: no-phase."""
    if phase not in PHASES:
        raise SurveyRefused("no-phase", _("There is no such phase."))
    own = ScheduleLine.objects.filter(clinic=clinic, phase=phase).order_by("key")
    lines = [Line(one.key, phase, one.rhythm, one.every, tuple(one.offsets)) for one in own]
    return lines or [_since_last_contact(line, clinic) for line in default_lines(phase)]


def _since_last_contact(line: Line, clinic: Clinic) -> Line:
    """After the baseline the C-SSRS asks about the time since the last contact, where that wording is installed."""
    if line.key != SCREENER or line.phase == BASELINE or worded(SINCE, clinic) is None:
        return line
    return replace(line, key=SINCE)


def phase_of(patient: Patient) -> TreatmentPhase | None:
    """The phase in which the person is now."""
    return TreatmentPhase.objects.filter(patient=patient, ended_at=None).first()


def plan_switch(patient: Patient, phase: str) -> Switch:
    """What switching would do; nothing is written."""
    found = Switch(phase)
    running = Assignment.objects.filter(patient=patient, status="active").exclude(rhythm__in=UNPLANNED)
    rows = {row.questionnaire.key: row for row in running.select_related("questionnaire", "patient__clinic")}
    for line in lines_of(patient.clinic, phase):
        row = rows.pop(line.key, None)
        if row is not None and not row.phase:
            found.left_alone.append((line.key, _("given by hand, stays as it is")))
        elif row is not None:
            found.changes.append((row, line))
        elif not newest_has_wording(line.key, patient.clinic):
            found.left_alone.append((line.key, _("its wording is not installed here")))
        else:
            found.starts.append(line)
    found.ends = [row for row in rows.values() if row.phase]
    return found


@transaction.atomic
def switch_phase(*, patient: Patient, phase: str, actor: User | None) -> Switch:
    """End the schedules of the old phase and start those of the new one; the same phase again changes nothing.

    A form that both have goes on under the new rhythm, from the next period on. What was opened or answered stays.
    Raises SurveyRefused: no-phase, and whatever `assign` refuses.
    """
    Patient.objects.select_for_update().get(pk=patient.pk)
    current = phase_of(patient)
    if current is not None and current.phase == phase:
        return Switch(phase)
    found = plan_switch(patient, phase)
    for row in found.ends:
        end(assignment=row, actor=actor)
    for row, line in found.changes:
        change_schedule(assignment=row, actor=actor, phase=phase, **rhythm_settings(line, patient))
    for line in found.starts:
        questionnaire = newest(line.key, patient.clinic)
        settings = rhythm_settings(line, patient)
        assign(patient=patient, questionnaire=questionnaire, actor=actor, phase=phase, **settings)
    _record(patient, current, phase, actor)
    return found


def _record(patient: Patient, current: TreatmentPhase | None, phase: str, actor: User | None) -> None:
    now = clock.now()
    if current is not None:
        current.ended_at = now
        current.save(update_fields=["ended_at"])
    row = TreatmentPhase.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        phase=phase,
        started_at=now,
        started_by=actor.membership if actor else None,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=row, detail=phase)


def rhythm_settings(line: Line, patient: Patient) -> Mapping[str, Any]:
    """A line as `assign` and `change_schedule` take it; weekly forms come on the weekday of the switch."""
    weekly = line.rhythm == "weekly"
    return {
        "rhythm": line.rhythm,
        "every": line.every,
        "offsets": list(line.offsets),
        "weekday": local_today(patient).weekday() if weekly else None,
        "open_hours": {"daily": 16, "weekly": 48, "once": 168, "anchored": 24}[line.rhythm],
    }


def newest_has_wording(key: str, clinic: Clinic) -> bool:
    """May the instrument be shown to people there?"""
    return key in LIBRARY and definition_of(newest(key, clinic)).has_wording
