"""Submit a survey: score it, judge it as a whole, and end its slot. The same again is the same response."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import setting
from apps.accounts.models import User
from apps.alerts import actions as alerts
from apps.alerts.levels import Level, worst
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.monitoring.actions.answers import lock
from apps.monitoring.actions.observations import reading_of_answer, store_check_in
from apps.monitoring.actions.problems import report_problem
from apps.monitoring.answers import answers_of, counted
from apps.monitoring.findings import cause_of, title_of
from apps.monitoring.instruments import AnswerValue, Definition, Score, blank_findings, final_findings, score
from apps.monitoring.instruments.change import ChangeLimits, mood_fall_level, worsening_level
from apps.monitoring.models import QuestionnaireResponse, Slot, SlotState
from apps.monitoring.moods import last_three_days
from apps.monitoring.published import definition_of
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.rules.live import on_response
from apps.notifications import actions as notifications

CHECK_IN = "check-in"


@transaction.atomic
def submit_response(
    *, slot: Slot, actor: User | None, auth_level: str, authored_at: datetime | None = None
) -> QuestionnaireResponse:
    """Score what was answered and end the slot; a second submit gives the first one's response.

    authored_at: when a rating was made that is written up later; else now. A blank safety item raises P3, "not assessed". Raises SurveyRefused: slot-not-open, slot-closed.
    """
    slot = lock(slot)
    known = QuestionnaireResponse.objects.filter(slot=slot).first()
    if known is not None:
        return known
    _check_open(slot)
    definition = definition_of(slot.questionnaire)
    answers = counted(definition, answers_of(slot, definition))
    result = score(definition, answers, sex=slot.patient.sex)
    response = _store(slot, answers, result, auth_level, authored_at or clock.now())
    slot.state, slot.next_step_at = SlotState.ANSWERED, None
    slot.save(update_fields=["state", "next_step_at"])
    notifications.cancel(subject_kind="slot", subject_id=slot.pk)
    notifications.note_subject_answered(subject_kind="slot", subject_id=slot.pk)
    _raise_blanks(slot, definition, answers)
    _raise_result(slot, definition, answers, result)
    _raise_worsening(slot, response)
    on_response(response)
    if slot.questionnaire.key == CHECK_IN:
        _take_check_in(slot, response, answers)
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=response)
    return response


def _check_open(slot: Slot) -> None:
    if slot.state == SlotState.SCHEDULED:
        raise SurveyRefused("slot-not-open", _("This form is not open yet."))
    if slot.state != SlotState.OPEN:
        raise SurveyRefused("slot-closed", _("This form is closed. Your next one will be on your home page."))


def _store(
    slot: Slot, answers: Mapping[str, AnswerValue], result: Score, auth_level: str, authored_at: datetime
) -> QuestionnaireResponse:
    return QuestionnaireResponse.objects.create(
        clinic_id=slot.clinic_id,
        slot=slot,
        patient_id=slot.patient_id,
        questionnaire_id=slot.questionnaire_id,
        authored_at=authored_at,
        answers=dict(answers),
        valid=result.valid,
        total=None if result.total is None else Decimal(str(result.total)),
        prorated=result.prorated,
        missing=result.missing,
        severity=result.severity or "",
        auth_level=auth_level,
        synthetic=slot.synthetic,
    )


@for_the_desk()
def _raise_blanks(slot: Slot, definition: Definition, answers: Mapping[str, AnswerValue]) -> None:
    for finding in blank_findings(definition, answers):
        _raise(slot, cause_of(finding), finding.level, title_of(definition, finding), finding.code)


@for_the_desk()
def _raise_result(slot: Slot, definition: Definition, answers: Mapping[str, AnswerValue], result: Score) -> None:
    """What only the whole says (a positive screen); single answers have raised theirs already."""
    single = worst(finding.level for finding in final_findings(definition, answers))
    if result.alert is None or (single is not None and single >= result.alert):
        return
    title = _("%(survey)s: positive screen, total %(total)s") % {"survey": definition.title, "total": result.total}
    _raise(slot, f"screen-{definition.key}", result.alert, title, f"{definition.key}-result")


@for_the_desk()
def _raise_worsening(slot: Slot, response: QuestionnaireResponse) -> None:
    """Worse than the first valid answer, where the instrument says what worse means."""
    earlier = QuestionnaireResponse.objects.filter(
        patient_id=slot.patient_id, questionnaire__key=slot.questionnaire.key, total__isnull=False, valid=True
    )
    first = earlier.known().exclude(pk=response.pk).order_by("authored_at").first()
    if first is None:
        return
    level = worsening_level(slot.questionnaire.key, first.total, response.total)
    if level is None:
        return
    words = {"survey": slot.questionnaire.title, "now": response.total, "first": first.total}
    title = _("%(survey)s %(now).0f, was %(first).0f at the start") % words
    _raise(slot, f"worse-{slot.questionnaire.key}", level, title, f"{slot.questionnaire.key}-worse")


def _take_check_in(slot: Slot, response: QuestionnaireResponse, answers: Mapping[str, AnswerValue]) -> None:
    """Keep the daily answers as observations, and look for a fall of mood against the last three days."""
    mood = answers.get("mood")
    before = last_three_days(slot.patient, response.authored_at)
    store_check_in(
        slot, [reading_of_answer(link_id, value, response.authored_at) for link_id, value in answers.items()]
    )
    _take_problem(slot, answers)
    limits = ChangeLimits(mood_fall_points=setting(slot.clinic, "mood_fall_points"))
    level = mood_fall_level(mood if isinstance(mood, int) else None, before, limits=limits)
    if level is None:
        return
    mean = round(sum(before) / len(before))
    with for_the_desk():
        title = _("Mood %(mood)s, mean of the last three days %(mean)s") % {"mood": mood, "mean": mean}
    _raise(slot, "mood-fall", level, title, "check-in-mood-fall")


def _take_problem(slot: Slot, answers: Mapping[str, AnswerValue]) -> None:
    """A problem of the check-in is followed up until it is closed; its answers have raised their alerts already."""
    kind, severity = answers.get("problem_kind"), answers.get("problem_severity")
    if not answers.get("problem") or not isinstance(kind, int):
        return
    report_problem(
        patient=slot.patient,
        kind=kind,
        severity=severity if isinstance(severity, int) else 2,  # not said: as if moderate
        since=None,
        text=str(answers.get("note") or ""),
        source="check-in",
        actor=None,
        judged=True,
    )


def _raise(slot: Slot, cause: str, level: Level, title: str, rule: str) -> None:
    alerts.raise_alert(
        patient=slot.patient,
        cause=cause,
        level=level.value,
        title=title,
        source_kind="slot",
        source_id=slot.pk,
        rule_code=rule,
        synthetic=slot.synthetic,
    )
