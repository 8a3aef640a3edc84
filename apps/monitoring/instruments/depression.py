"""PHQ-9, PHQ-2, QIDS-SR16, MADRS: definitions and scoring (clinical.md 1.2). Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from apps.alerts.levels import Level
from apps.monitoring.instruments.definition import (
    LOINC_SYSTEM,
    Definition,
    Item,
    Option,
    Respondent,
    SafetyRule,
    coded_items,
)
from apps.monitoring.instruments.prorating import prorated_total
from apps.monitoring.instruments.result import Score, Sheet, band, reaches, scored

PFIZER_LICENCE = "Copyright Pfizer Inc. No permission required to reproduce, translate, display or distribute."
PFIZER_CREDIT = (
    "Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, "
    "with an educational grant from Pfizer Inc."
)
TWO_WEEK_STEM = "Over the last 2 weeks, how often have you been bothered by any of the following problems?"
FREQUENCY = (
    Option(0, "Not at all", "LA6568-5"),
    Option(1, "Several days", "LA6569-3"),
    Option(2, "More than half the days", "LA6570-1"),
    Option(3, "Nearly every day", "LA6571-9"),
)


def frequency_items(rows: tuple[tuple[str, str, str], ...]) -> tuple[Item, ...]:
    """Items q1..qN from (LOINC code, topic, verbatim wording) with the four frequency answers."""
    return tuple(
        Item(f"q{number}", text=text, topic=topic, loinc=loinc, options=FREQUENCY)
        for number, (loinc, topic, text) in enumerate(rows, start=1)
    )


_PHQ_ROWS = (
    ("44250-9", "Interest", "Little interest or pleasure in doing things"),
    ("44255-8", "Low mood", "Feeling down, depressed, or hopeless"),
    ("44259-0", "Sleep", "Trouble falling or staying asleep, or sleeping too much"),
    ("44254-1", "Energy", "Feeling tired or having little energy"),
    ("44251-7", "Appetite", "Poor appetite or overeating"),
    (
        "44258-2",
        "Self-view",
        "Feeling bad about yourself - or that you are a failure or have let yourself or your family down",
    ),
    (
        "44252-5",
        "Concentration",
        "Trouble concentrating on things, such as reading the newspaper or watching television",
    ),
    (
        "44253-3",
        "Movement",
        "Moving or speaking so slowly that other people could have noticed? Or the opposite - being so "
        "fidgety or restless that you have been moving around a lot more than usual",
    ),
    (
        "44260-8",
        "Thoughts of death or self-harm",
        "Thoughts that you would be better off dead or of hurting yourself in some way",
    ),
)
_SUICIDE_ITEM_LEVELS = {1: Level.P2, 2: Level.P1, 3: Level.P1}

PHQ9 = Definition(
    key="phq-9",
    version="1",
    title="PHQ-9",
    items=frequency_items(_PHQ_ROWS),
    licence=PFIZER_LICENCE,
    attribution=PFIZER_CREDIT,
    source_url="https://loinc.org/44249-1",
    recall="2 weeks",
    system=LOINC_SYSTEM,
    code="44249-1",
    total_code="44261-6",
    stem=TWO_WEEK_STEM,
    safety=(SafetyRule("phq9-item-9", "q9", _SUICIDE_ITEM_LEVELS),),
    max_total=27,
)

PHQ2 = Definition(
    key="phq-2",
    version="1",
    title="PHQ-2",
    items=frequency_items(_PHQ_ROWS[:2]),
    licence=PFIZER_LICENCE,
    attribution=PFIZER_CREDIT,
    source_url="https://loinc.org/55757-9",
    recall="2 weeks",
    system=LOINC_SYSTEM,
    code="55757-9",
    total_code="55758-7",
    stem=TWO_WEEK_STEM,
    max_total=6,
)

#: The person answers one of each pair: appetite less or more, weight less or more.
QIDS_PAIRS = (("q6", "q7"), ("q8", "q9"))
_QIDS_EITHER_OR = frozenset(link_id for pair in QIDS_PAIRS for link_id in pair)

QIDS = Definition(
    key="qids-sr16",
    version="1",
    title="QIDS-SR16",
    items=tuple(
        dataclasses.replace(item, required=item.link_id not in _QIDS_EITHER_OR) for item in coded_items(16, 0, 3)
    ),
    licence="Rights administered; no redistribution before written confirmation.",
    attribution="Rush et al. 2003",
    source_url="https://www.ids-qids.org/",
    recall="7 days",
    code="qids-sr16",
    safety=(SafetyRule("qids-item-12", "q12", _SUICIDE_ITEM_LEVELS),),
    max_total=27,
)

MADRS = Definition(
    key="madrs",
    version="1",
    title="MADRS",
    items=coded_items(10, 0, 6),
    licence="Copyright S. A. Montgomery 1978; permission needed for some uses.",
    attribution="Montgomery and Asberg 1979",
    source_url="https://doi.org/10.1192/bjp.134.4.382",
    recall="7 days",
    respondent=Respondent.CLINICIAN,
    code="madrs",
    safety=(
        SafetyRule(
            "madrs-item-10",
            "q10",
            {2: Level.P2, 3: Level.P2, 4: Level.P1, 5: Level.P1, 6: Level.P1},
        ),
    ),
    max_total=60,
)

PHQ9_BANDS = (
    (4, "minimal"),
    (9, "mild"),
    (14, "moderate"),
    (19, "moderately_severe"),
    (27, "severe"),
)
QIDS_BANDS = ((5, "none"), (10, "mild"), (15, "moderate"), (20, "severe"), (27, "very_severe"))
MADRS_BANDS = ((6, "none"), (19, "mild"), (34, "moderate"), (60, "severe"))
PHQ9_CUT = 10
PHQ2_CUT = 3

#: QIDS domains: the highest answered item of each counts (Rush 2003).
QIDS_DOMAINS: Mapping[str, tuple[str, ...]] = {
    "sleep": ("q1", "q2", "q3", "q4"),
    "mood": ("q5",),
    "appetite_weight": ("q6", "q7", "q8", "q9"),
    "concentration": ("q10",),
    "self_view": ("q11",),
    "suicide": ("q12",),
    "interest": ("q13",),
    "energy": ("q14",),
    "psychomotor": ("q15", "q16"),
}


def score_phq9(sheet: Sheet) -> Score:
    """Sum 0-27, prorated with at most two missing items; DSM algorithm only when complete."""
    total, prorated = prorated_total(sheet)
    item_nine = sheet.number("q9")
    return scored(
        sheet,
        total=total,
        prorated=prorated,
        severity=band(total, PHQ9_BANDS),
        positive=reaches(total, PHQ9_CUT),
        detail={
            "dsm_algorithm": dsm_algorithm(sheet.numbers()) if sheet.valid else None,
            "cssrs_required": item_nine is not None and item_nine >= 1,
        },
    )


def dsm_algorithm(items: list[int | None]) -> str | None:
    """``major``, ``other`` or ``none`` from nine PHQ items; None unless all are answered.

    A symptom counts at >= 2, item 9 at >= 1; both diagnoses need item 1 or item 2.
    """
    answered = [item for item in items if item is not None]
    if len(answered) != 9:
        return None
    symptoms = [item >= 2 for item in answered[:8]] + [answered[8] >= 1]
    count = sum(symptoms)
    if not (symptoms[0] or symptoms[1]) or count < 2:
        return "none"
    return "major" if count >= 5 else "other"


def score_phq2(sheet: Sheet) -> Score:
    """Sum 0-6, positive at >= 3; it has no suicide item and is never used alone during induction."""
    total = sheet.complete_sum()
    return scored(
        sheet,
        total=total,
        positive=reaches(total, PHQ2_CUT),
    )


def score_qids(sheet: Sheet) -> Score:
    """Sum of nine domains, 0-27; a domain without any answer forbids the total."""
    domains = {name: _highest(sheet.numbers(items)) for name, items in QIDS_DOMAINS.items()}
    present = [value for value in domains.values() if value is not None]
    total = sum(present) if sheet.valid and len(present) == len(domains) else None
    return scored(
        sheet,
        total=total,
        severity=band(total, QIDS_BANDS),
        detail={"domains": domains},
        missing=sheet.missing + sum(_highest(sheet.numbers(pair)) is None for pair in QIDS_PAIRS),
    )


def _highest(numbers: list[int | None]) -> int | None:
    return max((number for number in numbers if number is not None), default=None)


def score_madrs(sheet: Sheet) -> Score:
    """Sum 0-60, clinician rated."""
    total = sheet.complete_sum()
    return scored(
        sheet,
        total=total,
        severity=band(total, MADRS_BANDS),
    )
