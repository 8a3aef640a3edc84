"""Which answers demand a human, and how soon (clinical.md 1.0, 1.2). Pure.

A single answer is judged the moment it is saved; blanks are judged when the survey is submitted or closes.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.alerts.levels import Level, worst
from apps.monitoring.instruments.answers import check_answer
from apps.monitoring.instruments.definition import Answers, AnswerValue, Definition, SafetyRule


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason for an alert: the rule's stable code, its level, the item and its answer."""

    code: str
    level: Level
    link_id: str
    value: AnswerValue


def safety_level(definition: Definition, link_id: str, value: AnswerValue) -> Level | None:
    """Level of one saved answer, independent of all others; None for a harmless or blank one.

    Raises AnswerRefused for a value that is no answer of the item.
    """
    return worst(finding.level for finding in answer_findings(definition, link_id, value))


def answer_findings(definition: Definition, link_id: str, value: AnswerValue) -> tuple[Finding, ...]:
    """The rules that one saved answer trips. Raises AnswerRefused."""
    check_answer(definition, link_id, value)
    rules = (rule for rule in definition.safety if rule.link_id == link_id)
    return tuple(
        Finding(rule.code, level, link_id, value) for rule in rules if (level := rule.level_of(value)) is not None
    )


def blank_safety_items(definition: Definition, answers: Answers) -> tuple[str, ...]:
    """Link ids of safety items that were asked and not answered: "not assessed", never "no"."""
    return tuple(dict.fromkeys(rule.link_id for rule in _blank_rules(definition, answers)))


def blank_findings(definition: Definition, answers: Answers) -> tuple[Finding, ...]:
    """What the blank safety items demand once the survey is submitted or its slot is closed."""
    return tuple(
        Finding(f"{rule.code}-blank", rule.blank, rule.link_id, None)
        for rule in _blank_rules(definition, answers)
        if rule.blank is not None
    )


def final_findings(definition: Definition, answers: Answers) -> tuple[Finding, ...]:
    """All findings of a finished survey: of each answer, and of each blank safety item.

    ``answers`` must have been checked; a refused answer is given as None and counts as blank.
    """
    given = [finding for link_id, value in answers.items() for finding in answer_findings(definition, link_id, value)]
    return (*given, *blank_findings(definition, answers))


def _blank_rules(definition: Definition, answers: Answers) -> list[SafetyRule]:
    return [
        rule
        for rule in definition.safety
        if rule.blank is not None
        and answers.get(rule.link_id) is None
        and (item := definition.item(rule.link_id)) is not None
        and item.is_enabled(answers)
    ]
