"""Save an answer as it is given, and submit the whole: each with its safety judgement in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts import actions as alerts
from apps.alerts.levels import Level, worst
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.core.failpoints import failpoint
from apps.monitoring.actions.follow_on import SCREENERS, open_follow_on
from apps.monitoring.answers import typed
from apps.monitoring.findings import cause_of, is_suicidal, ordinal, title_of
from apps.monitoring.instruments import AnswerRefused, AnswerValue, Definition, Finding, Kind, answer_findings
from apps.monitoring.models import ItemAnswer, Slot, SlotState
from apps.monitoring.published import definition_of
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.rules.live import on_answers


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of an answer. created: False when the same was here already; late: the slot had closed.

    level: what it demands of a human, None for nothing; suicidal: the crisis card is due.
    """

    answer: ItemAnswer
    created: bool
    level: Level | None
    suicidal: bool
    late: bool


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it arrives. value: as the instrument knows it (integer, true/false, text), None for skipped or cleared.

    client_id: made by the browser; the same again is the same answer.
    """

    link_id: str
    value: AnswerValue
    client_id: UUID
    answered_at: datetime
    auth_level: str
    presentation: str
    skipped: bool = False


def save_answer(*, slot: Slot, actor: User | None, **given: Any) -> Saved:
    """Store one answer (the fields of Given) and raise the alert that it demands, both or neither. Never withdraws an alert.

    An unsafe answer to a slot that has closed is stored and raised, any other is refused. Raises AnswerRefused (value)
    and SurveyRefused: answer-conflict, slot-not-open, slot-closed.
    """
    return save_answers(slot=slot, given=[Given(**given)], actor=actor)[0]


@transaction.atomic
def save_answers(*, slot: Slot, given: Sequence[Given], actor: User | None) -> list[Saved]:
    """The same of several answers to one form in a few statements: all of them with their alerts, or none.

    Raises as save_answer does. What a person gives goes one by one, so that one refusal takes nothing else with it.
    """
    slot = lock(slot)
    definition = definition_of(slot.questionnaire)
    judged = [(one, _judge(definition, one)) for one in given]
    ids = [one.client_id for one in given]
    known = {row.client_id: row for row in ItemAnswer.objects.filter(patient_id=slot.patient_id, client_id__in=ids)}
    fresh = [(one, findings) for one, findings in judged if one.client_id not in known]
    late = [_is_late(slot, findings) for _one, findings in fresh]
    rows = _insert(slot, definition, [one for one, _findings in fresh]) if fresh else []
    for row, (one, findings) in zip(rows, fresh, strict=True):
        follow_on = open_follow_on(slot, findings, one.auth_level)
        _raise_all(row, slot, definition, findings, asked=follow_on is not None)
    on_answers(slot.patient, rows, definition.key)
    audit.record_together(audit.Fact(Action.CREATE, actor.pk if actor else None, row) for row in rows)
    failpoint("answer.before-commit")
    made = {
        row.client_id: Saved(row, True, worst(f.level for f in findings), any(map(is_suicidal, findings)), is_late)
        for row, (_one, findings), is_late in zip(rows, fresh, late, strict=True)
    }
    return [
        made.get(one.client_id) or _again(known[one.client_id], slot, definition, one, findings)
        for one, findings in judged
    ]


def _judge(definition: Definition, one: Given) -> tuple[Finding, ...]:
    findings = answer_findings(definition, one.link_id, one.value)
    if one.skipped and one.value is not None:
        raise AnswerRefused("value_out_of_range", f"item {one.link_id}: skipped, yet answered")
    return findings


def lock(slot: Slot) -> Slot:
    """The slot as it is now, locked until the end of the transaction."""
    rows = Slot.objects.select_for_update(of=("self",)).select_related("questionnaire", "patient", "clinic")
    return rows.get(pk=slot.pk)


def _is_late(slot: Slot, findings: tuple[Finding, ...]) -> bool:
    if slot.state == SlotState.OPEN:
        return False
    if slot.state == SlotState.SCHEDULED:
        raise SurveyRefused("slot-not-open", _("This form is not open yet."))
    if findings:  # what was said must reach a human, even if the form is over
        return True
    raise SurveyRefused("slot-closed", _("This form is closed. Your next one will be on your home page."))


def _columns(definition: Definition, link_id: str, value: AnswerValue) -> dict[str, Any]:
    item = definition.item(link_id)
    if item is not None and item.kind is Kind.TEXT:
        return {"value": None, "text": value or ""}
    return {"value": None if value is None else int(value), "text": ""}


def _insert(slot: Slot, definition: Definition, given: Sequence[Given]) -> list[ItemAnswer]:
    failpoint("answer.before-insert")
    rows = [
        ItemAnswer(
            clinic_id=slot.clinic_id,
            slot=slot,
            patient_id=slot.patient_id,
            questionnaire_id=slot.questionnaire_id,
            client_id=one.client_id,
            link_id=one.link_id,
            answered_at=one.answered_at,
            received_at=clock.now(),
            auth_level=one.auth_level,
            presentation=one.presentation,
            skipped=one.skipped,
            **_columns(definition, one.link_id, one.value),
        )
        for one in given
    ]
    try:
        with transaction.atomic():
            return ItemAnswer.objects.bulk_create(rows)
    except IntegrityError:  # the same client id, at the same moment, for another form
        raise _conflict() from None


def _again(known: ItemAnswer, slot: Slot, definition: Definition, one: Given, findings: tuple[Finding, ...]) -> Saved:
    meant = None if one.value == "" else one.value  # an emptied note is a cleared one
    if (known.slot_id, known.link_id, typed(definition, known)) != (slot.pk, one.link_id, meant):
        raise _conflict()
    level = worst(finding.level for finding in findings)
    return Saved(known, False, level, any(map(is_suicidal, findings)), slot.state != SlotState.OPEN)


def _conflict() -> SurveyRefused:
    return SurveyRefused("answer-conflict", _("This answer was sent before with another content. Please answer again."))


def _before(slot: Slot, link_id: str) -> int | None:
    """The answer to the same question in the form before this one."""
    earlier = ItemAnswer.objects.filter(
        patient_id=slot.patient_id,
        questionnaire__key=slot.questionnaire.key,
        link_id=link_id,
        slot__opens_at__lt=slot.opens_at,
    )
    newest = earlier.order_by("-slot__opens_at", "-received_at", "-id").first()
    return None if newest is None else newest.value


def _raise_all(
    answer: ItemAnswer, slot: Slot, definition: Definition, findings: tuple[Finding, ...], *, asked: bool
) -> None:
    failpoint("answer.after-insert")
    before = _before(slot, answer.link_id) if findings else None
    for finding in findings:
        _raise(answer, slot, definition, finding, before, asked=asked)


def _screener_words(slot: Slot, finding: Finding, *, asked: bool) -> str:
    """Who asks the C-SSRS screener; nothing where this is the screener, or no thought of suicide."""
    if not is_suicidal(finding) or slot.questionnaire.key in SCREENERS:
        return ""
    if asked:
        return _("The C-SSRS screener was opened for the person to answer now.")
    return _("The C-SSRS screener must be asked by a clinician.")


@for_the_desk()
def _raise(
    answer: ItemAnswer, slot: Slot, definition: Definition, finding: Finding, before: int | None, *, asked: bool
) -> None:
    alerts.raise_alert(
        patient=slot.patient,
        cause=cause_of(finding),
        level=finding.level.value,
        title=title_of(definition, finding, before),
        source_kind="item-answer",
        source_id=answer.pk,
        rule_code=finding.code,
        value=ordinal(finding),
        detail=_screener_words(slot, finding, asked=asked),
        synthetic=slot.synthetic,
    )
