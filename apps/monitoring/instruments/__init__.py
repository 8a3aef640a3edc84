"""Questionnaires as pure knowledge: definitions, answer checks, scores, safety rules. No Django here."""

from apps.monitoring.instruments.answers import AnswerRefused, check_answer, parse_form_value
from apps.monitoring.instruments.definition import Answers, AnswerValue, Definition, Item, Kind
from apps.monitoring.instruments.library import LIBRARY, get
from apps.monitoring.instruments.result import Score
from apps.monitoring.instruments.safety import (
    Finding,
    answer_findings,
    blank_findings,
    blank_safety_items,
    final_findings,
    safety_level,
)
from apps.monitoring.instruments.scoring import score, score_groups, score_items

__all__ = [
    "LIBRARY",
    "AnswerRefused",
    "AnswerValue",
    "Answers",
    "Definition",
    "Finding",
    "Item",
    "Kind",
    "Score",
    "answer_findings",
    "blank_findings",
    "blank_safety_items",
    "check_answer",
    "final_findings",
    "get",
    "parse_form_value",
    "safety_level",
    "score",
    "score_groups",
    "score_items",
]
