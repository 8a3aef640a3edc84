"""What a person is asked before a treatment, and what each yes means (clinical.md 2.3, 2.4). Pure.

An answer is yes, no or unsure. "Unsure" counts as a question for staff and never as a no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

YES, NO, UNSURE = "yes", "no", "unsure"
ANSWERS = (YES, NO, UNSURE)


@dataclass(frozen=True, slots=True)
class Question:
    """key names it in the record; finding: the reason code of eligibility that a yes gives."""

    key: str
    finding: str


QUESTIONS = (
    Question("aneurysm", "aneurysmal_vascular_disease"),
    Question("avm", "arteriovenous_malformation"),
    Question("brain-bleed", "intracerebral_haemorrhage_history"),
    Question("ketamine-allergy", "hypersensitivity_ketamine_esketamine"),
    Question("recent-heart-attack-or-stroke", "mi_or_stroke_within_6_weeks"),
    Question("heart-not-stable", "unstable_cardiac_disease"),
    Question("pressure-not-controlled", "uncontrolled_hypertension"),
    Question("head-pressure", "raised_intracranial_pressure_risk"),
    Question("liver", "moderate_hepatic_impairment"),
    Question("bladder", "bladder_symptoms"),
    Question("psychosis-now", "active_psychosis"),
    Question("psychosis-ever", "psychosis_history"),
    Question("bipolar", "bipolar"),
    Question("pregnant", "pregnant"),
    Question("breastfeeding", "breastfeeding"),
    Question("substances-now", "active_substance_use_disorder"),
    Question("substances-ever", "substance_use_disorder_history"),
    Question("maoi", "maoi"),
    Question("stimulant", "psychostimulant"),
    Question("benzodiazepine", "benzodiazepine"),
    Question("opioid", "opioid"),
    Question("other-sedative", "other_cns_depressant"),
)
KEYS = frozenset(question.key for question in QUESTIONS)


def check_answers(answers: Mapping[str, str]) -> None:
    """Every question answered, by one of the three words. Raises ValueError naming the first that is not."""
    for question in QUESTIONS:
        if answers.get(question.key) not in ANSWERS:
            raise ValueError(question.key)
    if unknown := set(answers) - KEYS:
        raise ValueError(sorted(unknown)[0])


def findings(answers: Mapping[str, str]) -> frozenset[str]:
    """Reason codes of every yes. An unsure is not one: `unsure` lists those for staff."""
    return frozenset(question.finding for question in QUESTIONS if answers.get(question.key) == YES)


def unsure(answers: Mapping[str, str]) -> tuple[str, ...]:
    """Keys that staff must clear up."""
    return tuple(question.key for question in QUESTIONS if answers.get(question.key) == UNSURE)
