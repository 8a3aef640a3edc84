"""What a payer asks for before it goes on paying, of one person: courses, scores with their change, sessions, safety."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.monitoring.models import QuestionnaireResponse
from apps.outcomes.outcome_pdf import pdf, table
from apps.sessions.models import AdverseEvent, Course, CourseStatus, DosingSession
from telek.curves import band_words, whole_curve
from telek.patient_facts import PatientFacts
from telek.score_lines import ScoreLine, score_lines, scored

MOST_ROWS: Final = 60
NOTHING: Final = "–"


def payer_pack(facts: PatientFacts, printed: str) -> tuple[bytes, list[Any]]:
    """The PDF, and the rows that it shows (for the audit trail)."""
    answers = _rows(facts, QuestionnaireResponse).filter(status="completed", valid=True, total__isnull=False)
    light = answers.select_related("questionnaire").defer("answers", "questionnaire__definition")
    totals = list(reversed(light.order_by("-authored_at")[:MOST_ROWS]))
    sessions = list(_rows(facts, DosingSession).exclude(outcome="").order_by("opened_at"))
    events = list(_rows(facts, AdverseEvent).order_by("onset_at"))
    replaced = {event.replaces_id for event in events}
    courses = list(_rows(facts, Course).exclude(status=CourseStatus.IN_ERROR).order_by("started_at"))
    tables = [
        _person(facts),
        _courses(facts, courses, sessions),
        _changes(facts, score_lines(scored(answers), facts.doses)),
        _scores(facts, totals),
        _doses(facts, sessions),
        _events(facts, [event for event in events if event.pk not in replaced]),
    ]
    note = _(
        "From the clinic's record, for a decision on further treatment. Earlier trials of other treatments that the record "
        "does not hold have to be added by hand. Scores are the person's own answers; they screen and do not diagnose."
    )
    picture = whole_curve(facts.points, facts.doses, facts.at, facts.zone) or ""
    made = pdf(_("Summary for the payer"), note, printed, [each for each in tables if each["rows"]], str(picture))
    return made, [*totals, *sessions, *events, *courses]


def _rows(facts: PatientFacts, model: Any) -> Any:
    return model.objects.visible_to(facts.user).filter(patient=facts.patient)


def _day(facts: PatientFacts, at: datetime | None) -> str:
    return date_format(at.astimezone(facts.zone), "j M Y") if at else NOTHING


def _person(facts: PatientFacts) -> dict[str, Any]:
    patient = facts.patient
    rows = [
        [_("Name"), f"{patient.family_name}, {patient.given_name}"],
        [_("Born"), date_format(patient.birth_on, "j M Y")],
        [_("Number at the clinic"), patient.number],
        [_("Diagnosis"), patient.diagnosis or NOTHING],
        [_("Clinic"), patient.clinic.name],
        [_("Treating clinician"), str(patient.treating.user.name) if patient.treating else NOTHING],
    ]
    return table("", [_("Person"), ""], rows)


def _courses(facts: PatientFacts, courses: list[Course], sessions: list[DosingSession]) -> dict[str, Any]:
    rows = []
    for course in courses:
        given = sum(session.course_id == course.pk and session.dose_started_at is not None for session in sessions)
        planned = NOTHING if course.planned_doses is None else str(course.planned_doses)
        until = _day(facts, course.ended_at) if course.ended_at else course.get_status_display()
        rows.append(
            [
                str(course),
                course.get_indication_display(),
                _day(facts, course.started_at),
                until,
                f"{given} / {planned}",
            ]
        )
    columns = [_("Course"), _("Indication"), _("Begun"), _("Until"), _("Doses given / planned")]
    return table(_("Treatment"), columns, rows)


def _changes(facts: PatientFacts, lines: list[ScoreLine]) -> dict[str, Any]:
    rows = [
        [
            line.title,
            NOTHING if line.only else f"{line.first:g}",
            f"{line.last:g} ({line.band})" if line.band else f"{line.last:g}",
            NOTHING if line.only else f"{line.points:+g}",
            ", ".join(words for _look, words in line.tags) or NOTHING,
            _day(facts, line.response.authored_at),
        ]
        for line in lines
    ]
    columns = [_("Scale"), _("Before treatment"), _("Last"), _("Change"), _("Meaning"), _("Last on")]
    return table(_("Change since before treatment"), columns, rows)


def _scores(facts: PatientFacts, totals: list[QuestionnaireResponse]) -> dict[str, Any]:
    rows = [
        [_day(facts, row.authored_at), row.questionnaire.title, f"{row.total:g}", band_words(row.severity) or NOTHING]
        for row in totals
    ]
    return table(_("Scores, the newest last"), [_("Day"), _("Scale"), _("Total"), _("Band")], rows)


def _doses(facts: PatientFacts, sessions: list[DosingSession]) -> dict[str, Any]:
    if sessions:
        rows = [
            [
                _day(facts, row.opened_at),
                row.dose_label or NOTHING,
                row.get_outcome_display(),
                row.outcome_reason or NOTHING,
            ]
            for row in sessions[-MOST_ROWS:]
        ]
    else:
        rows = [
            [_day(facts, dose.started_at), dose.label or NOTHING, NOTHING, NOTHING] for dose in facts.doses[-MOST_ROWS:]
        ]
    return table(_("Sessions"), [_("Day"), _("Dose"), _("How it ended"), _("Remark")], rows)


def _events(facts: PatientFacts, events: list[AdverseEvent]) -> dict[str, Any]:
    rows = [
        [
            _day(facts, row.onset_at),
            row.term,
            str(row.grade),
            row.get_seriousness_display() or _("not serious"),
            row.action,
        ]
        for row in events
    ]
    columns = [_("Day"), _("Adverse event"), _("Grade"), _("Serious"), _("What was done")]
    return table(_("Safety"), columns, rows or [[_("None recorded."), "", "", "", ""]])
