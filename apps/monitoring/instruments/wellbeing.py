"""WHO-5 and ASRM: codes and scoring (clinical.md 1.2). Pure."""

from __future__ import annotations

from apps.alerts.levels import Level
from apps.monitoring.instruments.definition import Definition, coded_items
from apps.monitoring.instruments.result import Score, Sheet, reaches, scored

WHO5 = Definition(
    key="who-5",
    version="1",
    title="WHO-5",
    items=coded_items(5, 0, 5),
    licence="Stated both as public domain and as CC BY-NC-SA 3.0 IGO: treated as non-commercial.",
    attribution="World Health Organization; Topp et al. 2015",
    source_url="https://www.who.int/",
    recall="2 weeks",
    code="who-5",
    max_total=25,
)
ASRM = Definition(
    key="asrm",
    version="1",
    title="ASRM",
    items=coded_items(5, 0, 4),
    licence="Copyright E. G. Altman; no right to redistribute stated.",
    attribution="Altman 1997",
    source_url="https://doi.org/10.1016/S0006-3223(96)00548-3",
    recall="1 week",
    code="asrm",
    max_total=20,
)
WHO5_LOW_PERCENT = 50
WHO5_DEPRESSION_PERCENT = 28
ASRM_CUT = 6


def score_who5(sheet: Sheet) -> Score:
    """Raw sum 0-25 and percent (raw x 4); higher is better. Positive means low well-being (<= 50 %)."""
    total = sheet.complete_sum()
    percent = None if total is None else total * 4
    low = None if percent is None else percent <= WHO5_LOW_PERCENT
    return scored(
        sheet,
        total=total,
        positive=low,
        detail={
            "percent": percent,
            "low_wellbeing": low,
            "likely_depression": None if percent is None else percent <= WHO5_DEPRESSION_PERCENT,
        },
    )


def score_asrm(sheet: Sheet) -> Score:
    """Sum 0-20; >= 6 is positive: P2, and the next dose is held until reviewed."""
    total = sheet.complete_sum()
    positive = reaches(total, ASRM_CUT)
    return scored(sheet, total=total, positive=positive, alert=Level.P2 if positive else None)
