"""MOAA/S, modified Aldrete, PADSS: may the person leave? Labels in our own words (clinical.md 1.2). Pure."""

from __future__ import annotations

from apps.alerts.levels import Level
from apps.monitoring.instruments.definition import (
    Definition,
    Item,
    Option,
    Respondent,
    SafetyRule,
    coded_options,
)
from apps.monitoring.instruments.definition import gettext_noop as _
from apps.monitoring.instruments.result import Score, Sheet, reaches, scored

MOAAS = Definition(
    key="moaa-s",
    version="1",
    title="MOAA/S",
    items=(
        Item(
            "score",
            text=_("How does the person respond?"),
            topic=_("Response"),
            options=(
                Option(5, _("Readily, to the name in a normal voice")),
                Option(4, _("Slowly, to the name in a normal voice")),
                Option(3, _("Only to the name called loudly or again")),
                Option(2, _("Only to mild prodding")),
                Option(1, _("Only to a painful squeeze")),
                Option(0, _("Not at all")),
            ),
        ),
    ),
    licence="Short clinical scale; labels in our own words.",
    attribution="Chernik et al. 1990",
    source_url="https://pubmed.ncbi.nlm.nih.gov/2286697/",
    recall="now",
    respondent=Respondent.CLINICIAN,
    code="moaa-s",
    own_wording=True,
    safety=(
        SafetyRule(
            "moaas-sedated",
            "score",
            {0: Level.P1, 1: Level.P1, 2: Level.P1, 3: Level.P2},
        ),
    ),
    max_total=5,
)
_ZERO_TO_TWO = coded_options(0, 2)


def _domains(*rows: tuple[str, str]) -> tuple[Item, ...]:
    return tuple(Item(link_id, text=topic, topic=topic, options=_ZERO_TO_TWO) for link_id, topic in rows)


ALDRETE = Definition(
    key="aldrete",
    version="1",
    title=_("Modified Aldrete score"),
    items=_domains(
        ("activity", _("Moves arms and legs")),
        ("respiration", _("Breathing")),
        ("circulation", _("Blood pressure against baseline")),
        ("consciousness", _("Consciousness")),
        ("oxygen_saturation", _("Oxygen saturation")),
    ),
    licence="Short clinical scale; labels in our own words.",
    attribution="Aldrete 1995",
    source_url="https://doi.org/10.1016/0952-8180(94)00001-K",
    recall="now",
    respondent=Respondent.CLINICIAN,
    code="aldrete",
    own_wording=True,
    max_total=10,
)
PADSS = Definition(
    key="padss",
    version="1",
    title="PADSS",
    items=_domains(
        ("vital_signs", _("Vital signs")),
        ("activity", _("Activity and mental state")),
        ("pain_nausea", _("Pain and nausea")),
        ("bleeding", _("Bleeding")),
        ("intake_output", _("Intake and output")),
    ),
    licence="Short clinical scale; labels in our own words.",
    attribution="Chung et al. 1995",
    source_url="https://pubmed.ncbi.nlm.nih.gov/8534468/",
    recall="now",
    respondent=Respondent.CLINICIAN,
    code="padss",
    own_wording=True,
    max_total=10,
)
FULLY_AWAKE = 5
READY_AT = 9


def score_moaas(sheet: Sheet) -> Score:
    """One rating 0-5; only 5 may leave, 0 is loss of consciousness."""
    rating = sheet.number("score")
    return scored(
        sheet,
        total=rating,
        detail={
            "discharge_ok": rating == FULLY_AWAKE,
            "loss_of_consciousness": None if rating is None else rating == 0,
        },
    )


def score_readiness(sheet: Sheet) -> Score:
    """Aldrete and PADSS: sum 0-10, ready at >= 9; incomplete means not ready."""
    total = sheet.complete_sum()
    return scored(sheet, total=total, detail={"discharge_ok": bool(reaches(total, READY_AT))})
