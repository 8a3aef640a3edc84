"""``score``: one door to the scorers of all instruments. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from apps.alerts.levels import worst
from apps.monitoring.instruments import (
    anxiety,
    check_in,
    depression,
    recovery,
    substances,
    suicide,
    symptoms,
    trauma,
    wellbeing,
)
from apps.monitoring.instruments.definition import Answers, AnswerValue, Definition
from apps.monitoring.instruments.result import Score, Sheet, read_sheet
from apps.monitoring.instruments.safety import final_findings

SCORERS: Mapping[str, Callable[[Sheet], Score]] = {
    "check-in": check_in.score_check_in,
    "phq-9": depression.score_phq9,
    "phq-2": depression.score_phq2,
    "qids-sr16": depression.score_qids,
    "madrs": depression.score_madrs,
    "gad-7": anxiety.score_gad7,
    "c-ssrs": suicide.score_cssrs,
    "c-ssrs-since": suicide.score_cssrs,
    "pcl-5": trauma.score_pcl5,
    "who-5": wellbeing.score_who5,
    "asrm": wellbeing.score_asrm,
    "audit-c": substances.score_audit_c,
    "dast-10": substances.score_dast10,
    "misuse": substances.score_misuse,
    "peg": symptoms.score_peg,
    "isi": symptoms.score_isi,
    "oci-r": symptoms.score_oci_r,
    "icsi-icpi": symptoms.score_bladder,
    "cadss-6": symptoms.score_cadss6,
    "nrs-pain": symptoms.score_sum,
    "bprs-positive": symptoms.score_bprs,
    "pdq-5": symptoms.score_sum,
    "moaa-s": recovery.score_moaas,
    "aldrete": recovery.score_readiness,
    "padss": recovery.score_readiness,
}


def score(definition: Definition, answers: Answers, *, sex: str = "unknown") -> Score:
    """Score a submitted set of answers, keyed by link id; absent and None both mean unanswered.

    Refused answers make the score invalid (no total) and are listed; the alert that the remaining answers
    demand is still there. A refused or blank safety item counts as not assessed.
    ``sex`` (female, male; anything else is unknown) moves the cut-off of the AUDIT-C.
    """
    return _score_sheet(read_sheet(definition, answers, sex=sex))


def score_items(definition: Definition, items: Sequence[AnswerValue], *, sex: str = "unknown") -> Score:
    """Score answers given in questionnaire order. A wrong count is refused: invalid, no total."""
    return score_groups(definition, [(definition.link_ids, items)], sex=sex)


def score_groups(
    definition: Definition,
    groups: Sequence[tuple[Sequence[str], Sequence[AnswerValue]]],
    *,
    sex: str = "unknown",
) -> Score:
    """Score answers given in order, in groups of (link ids, answers), such as ICSI and ICPI."""
    answers = {link_id: value for link_ids, items in groups for link_id, value in zip(link_ids, items, strict=False)}
    sheet = read_sheet(definition, answers, sex=sex)
    wrong = [
        f"wrong_item_count: {len(items)} for {len(link_ids)}"
        for link_ids, items in groups
        if len(items) != len(link_ids)
    ]
    if wrong:
        sheet = dataclasses.replace(sheet, refused={**sheet.refused, "*": "; ".join(wrong)})
    return _score_sheet(sheet)


def _score_sheet(sheet: Sheet) -> Score:
    result = SCORERS[sheet.definition.key](sheet)
    findings = final_findings(sheet.definition, sheet.values)
    alert = worst([result.alert, *(finding.level for finding in findings)])
    return dataclasses.replace(result, alert=alert)
