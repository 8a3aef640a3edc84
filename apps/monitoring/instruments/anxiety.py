"""GAD-7 (clinical.md 1.2). Pure."""

from __future__ import annotations

from apps.monitoring.instruments.definition import LOINC_SYSTEM, Definition
from apps.monitoring.instruments.depression import (
    PFIZER_CREDIT,
    PFIZER_LICENCE,
    TWO_WEEK_STEM,
    frequency_items,
)
from apps.monitoring.instruments.prorating import prorated_total
from apps.monitoring.instruments.result import Score, Sheet, band, reaches, scored

GAD7 = Definition(
    key="gad-7",
    version="1",
    title="GAD-7",
    items=frequency_items(
        (
            ("69725-0", "Nervousness", "Feeling nervous, anxious or on edge"),
            ("68509-9", "Control of worry", "Not being able to stop or control worrying"),
            ("69733-4", "Worry", "Worrying too much about different things"),
            ("69734-2", "Relaxing", "Trouble relaxing"),
            ("69735-9", "Restlessness", "Being so restless that it is hard to sit still"),
            ("69689-8", "Irritability", "Becoming easily annoyed or irritable"),
            ("69736-7", "Fear", "Feeling afraid as if something awful might happen"),
        )
    ),
    licence=PFIZER_LICENCE,
    attribution=PFIZER_CREDIT,
    source_url="https://loinc.org/69737-5",
    recall="2 weeks",
    system=LOINC_SYSTEM,
    code="69737-5",
    total_code="70274-6",
    stem=TWO_WEEK_STEM,
    max_total=21,
)
GAD7_BANDS = ((4, "minimal"), (9, "mild"), (14, "moderate"), (21, "severe"))
GAD7_CUT = 10


def score_gad7(sheet: Sheet) -> Score:
    """Sum 0-21, prorated with at most two missing items; positive at >= 10."""
    total, prorated = prorated_total(sheet)
    return scored(
        sheet,
        total=total,
        prorated=prorated,
        severity=band(total, GAD7_BANDS),
        positive=reaches(total, GAD7_CUT),
    )
