"""AUDIT-C, DAST-10 and our own misuse items (clinical.md 1.2). Pure."""

from __future__ import annotations

from apps.alerts.levels import Level
from apps.monitoring.instruments.definition import (
    LOINC_SYSTEM,
    Definition,
    Item,
    Kind,
    Option,
    SafetyRule,
)
from apps.monitoring.instruments.definition import gettext_noop as _
from apps.monitoring.instruments.result import Score, Sheet, band, reaches, scored


def _options(*labels: str) -> tuple[Option, ...]:
    return tuple(Option(value, label) for value, label in enumerate(labels))


AUDIT_C = Definition(
    key="audit-c",
    version="1",
    title="AUDIT-C",
    items=(
        Item(
            "q1",
            text="How often do you have a drink containing alcohol?",
            topic="Drinking days",
            loinc="68518-0",
            options=_options(
                "Never",
                "Monthly or less",
                "2-4 times a month",
                "2-3 times a week",
                "4 or more times a week",
            ),
        ),
        Item(
            "q2",
            text="How many drinks containing alcohol do you have on a typical day when you are drinking?",
            topic="Drinks on a typical day",
            loinc="68519-8",
            options=_options("1-2", "3-4", "5-6", "7-9", "10 or more"),
        ),
        Item(
            "q3",
            text="How often do you have six or more drinks on one occasion?",
            topic="Six or more drinks",
            loinc="68520-6",
            options=_options("Never", "Less than monthly", "Monthly", "Weekly", "Daily or almost daily"),
        ),
    ),
    licence="As a WHO-approved instrument, the AUDIT is in the public domain.",
    attribution="World Health Organization; Bush et al. 1998",
    source_url="https://loinc.org/72109-2",
    recall="1 year",
    system=LOINC_SYSTEM,
    code="72109-2",
    total_code="75626-2",
    max_total=12,
)

DAST10 = Definition(
    key="dast-10",
    version="1",
    title="DAST-10",
    items=tuple(Item(f"q{number}", Kind.BOOLEAN) for number in range(1, 11)),
    licence="Copyright H. A. Skinner / CAMH; non-commercial use with credit.",
    attribution="Skinner 1982",
    source_url="https://loinc.org/82666-9",
    recall="12 months",
    system=LOINC_SYSTEM,
    code="82666-9",
    total_code="82667-7",
    max_total=10,
)


def _zero_to_ten(link_id: str, text: str, topic: str, low: str, high: str) -> Item:
    return Item(link_id, Kind.RANGE, text, topic, minimum=0, maximum=10, low_label=low, high_label=high)


MISUSE = Definition(
    key="misuse",
    version="1",
    title=_("Craving and use outside the clinic"),
    items=(
        _zero_to_ten(
            "craving",
            _("How strong is your wish to take the medicine outside your visits?"),
            _("Craving"),
            _("No wish"),
            _("Strongest I can imagine"),
        ),
        _zero_to_ten(
            "use_outside",
            _("How often did you use ketamine outside the clinic?"),
            _("Use outside the clinic"),
            _("Never"),
            _("Every day"),
        ),
        _zero_to_ten(
            "extra_doses",
            _("How often did you take more than was prescribed?"),
            _("Extra doses"),
            _("Never"),
            _("Every day"),
        ),
        _zero_to_ten(
            "medicine_lost",
            _("How often was medicine lost or missing?"),
            _("Medicine lost"),
            _("Never"),
            _("Very often"),
        ),
        _zero_to_ten(
            "tolerance",
            _("How much more do you need now for the same effect?"),
            _("Tolerance"),
            _("No more"),
            _("Very much more"),
        ),
    ),
    licence="Own wording, under the licence of this project.",
    attribution="Telek",
    source_url="",
    recall="1 month",
    code="misuse",
    own_wording=True,
    safety=(
        SafetyRule(
            "misuse-outside-clinic",
            "use_outside",
            dict.fromkeys(range(1, 11), Level.P3),
            blank=None,
        ),
    ),
)

AUDIT_C_CUT = {"male": 4, "female": 3}
#: Unknown or other sex: the lower cut.
AUDIT_C_CUT_OTHERWISE = 3
DAST_BANDS = ((0, "none"), (2, "low"), (5, "moderate"), (8, "substantial"), (10, "severe"))
DAST_CUT = 3
#: The one question of the DAST-10 whose "no" counts.
DAST_REVERSED = "q3"


def score_audit_c(sheet: Sheet) -> Score:
    """Sum 0-12; positive from 4 (men) or 3 (women, unknown). ``only_q1``: may be within limits."""
    total = sheet.complete_sum()
    cut = AUDIT_C_CUT.get(sheet.sex, AUDIT_C_CUT_OTHERWISE)
    only_first = None if total is None else total > 0 and total == sheet.number("q1")
    return scored(sheet, total=total, positive=reaches(total, cut), detail={"only_q1": only_first})


def score_dast10(sheet: Sheet) -> Score:
    """Number of answers that count, 0-10: every yes, but the no of question 3."""
    answers = [(link_id, sheet.values[link_id]) for link_id in sheet.definition.link_ids]
    complete = sheet.valid and all(value is not None for _link_id, value in answers)
    total = sum(value is not (link_id == DAST_REVERSED) for link_id, value in answers) if complete else None
    return scored(sheet, total=total, severity=band(total, DAST_BANDS), positive=reaches(total, DAST_CUT))


def score_misuse(sheet: Sheet) -> Score:
    """No total: five items, each a trend of its own."""
    return scored(sheet, total=None)
