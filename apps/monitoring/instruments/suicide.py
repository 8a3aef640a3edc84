"""C-SSRS screener (recent): codes and triage (clinical.md 1.2; cssrs.columbia.edu triage). Pure.

The wording is fixed by its owners and comes as a content pack; only item codes are here.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.alerts.levels import Level, worst
from apps.monitoring.instruments.definition import (
    LOINC_SYSTEM,
    Answers,
    Definition,
    EnableWhen,
    Item,
    Kind,
    SafetyRule,
)
from apps.monitoring.instruments.result import Score, Sheet, scored
from apps.monitoring.instruments.safety import blank_safety_items, final_findings

_AFTER_THOUGHTS = EnableWhen("q2", True)


def _rule(link_id: str, level: Level, *, blank: Level = Level.P2) -> SafetyRule:
    return SafetyRule(f"cssrs-{link_id.replace('_', '-')}", link_id, {True: level}, blank)


def _question(link_id: str, topic: str, loinc: str | None, enable_when: EnableWhen | None = None) -> Item:
    return Item(link_id, Kind.BOOLEAN, topic=topic, loinc=loinc, enable_when=enable_when)


CSSRS = Definition(
    key="c-ssrs",
    version="1",
    title="C-SSRS screener",
    items=(
        _question("q1", "Wish to be dead", "93246-7"),
        _question("q2", "Active suicidal thoughts", "93247-5"),
        _question("q3", "Thoughts with a method", "93248-3", _AFTER_THOUGHTS),
        _question("q4", "Thoughts with some intent", "93249-1", _AFTER_THOUGHTS),
        _question("q5", "Plan with intent", "93250-9", _AFTER_THOUGHTS),
        _question("q6_lifetime", "Suicidal behaviour, ever", "93267-3"),
        _question(
            "q6_3mo",
            "Suicidal behaviour, last 3 months",
            "93269-9",
            EnableWhen("q6_lifetime", True),
        ),
    ),
    licence="Copyright Research Foundation for Mental Hygiene; wording fixed, notice must stay.",
    attribution="K. Posner, Columbia Lighthouse Project",
    source_url="https://cssrs.columbia.edu/",
    recall="past month; behaviour ever and past 3 months",
    system=LOINC_SYSTEM,
    code="93373-9",
    total_code="93374-7",
    safety=(
        _rule("q1", Level.P3),
        _rule("q2", Level.P3),
        _rule("q3", Level.P2),
        _rule("q4", Level.P1),
        _rule("q5", Level.P1),
        # Alone, "ever" can still turn out to be long ago; recency decides, and its blank counts as recent.
        _rule("q6_lifetime", Level.P2),
        _rule("q6_3mo", Level.P1, blank=Level.P1),
    ),
)

#: The same questions between sessions, about the time since they were asked last; behaviour in it is recent by itself.
CSSRS_SINCE = Definition(
    key="c-ssrs-since",
    version="1",
    title="C-SSRS screener, since last contact",
    items=(
        _question("q1", "Wish to be dead", None),
        _question("q2", "Active suicidal thoughts", None),
        _question("q3", "Thoughts with a method", None, _AFTER_THOUGHTS),
        _question("q4", "Thoughts with some intent", None, _AFTER_THOUGHTS),
        _question("q5", "Plan with intent", None, _AFTER_THOUGHTS),
        _question("q6", "Suicidal behaviour since last contact", None),
    ),
    licence="Copyright Research Foundation for Mental Hygiene; wording fixed, notice must stay.",
    attribution="K. Posner, Columbia Lighthouse Project",
    source_url="https://cssrs.columbia.edu/",
    recall="since last contact",
    code="c-ssrs-since",
    safety=(
        _rule("q1", Level.P3),
        _rule("q2", Level.P3),
        _rule("q3", Level.P2),
        _rule("q4", Level.P1),
        _rule("q5", Level.P1),
        _rule("q6", Level.P1),
    ),
)

COLOURS = {"high": "red", "moderate": "orange", "low": "yellow", "none": "green"}
_IDEATION = ("q1", "q2", "q3", "q4", "q5")


@dataclass(frozen=True, slots=True)
class Triage:
    """Outcome of the screener.

    risk: high, moderate, low, none: the highest that any answer implies.
    complete: every question that had to be asked is answered; if not, a risk of none means "not assessed".
    inconsistent: answers contradict each other; the highest level is kept.
    max_ideation: 0 to 5, the highest question among 1-5 answered yes.
    """

    risk: str
    alert: Level | None
    complete: bool
    inconsistent: bool
    max_ideation: int

    @property
    def colour(self) -> str:
        """Colour of the Columbia triage card; a screen shows it only together with ``assessed``."""
        return COLOURS[self.risk]

    @property
    def assessed(self) -> bool:
        """False: say "not assessed", never show green."""
        return self.complete or self.risk != "none"


def triage(answers: Answers, definition: Definition = CSSRS) -> Triage:
    """Triage checked answers of the screener: true, false or None by link id."""
    alert = worst(finding.level for finding in final_findings(definition, answers))
    yes = [number for number, link_id in enumerate(_IDEATION, start=1) if answers.get(link_id) is True]
    return Triage(
        risk=_risk(answers),
        alert=alert,
        complete=not blank_safety_items(definition, answers),
        inconsistent=_is_inconsistent(answers),
        max_ideation=max(yes, default=0),
    )


def score_cssrs(sheet: Sheet) -> Score:
    """The screener has no total; its triage stands in ``severity`` and ``detail``."""
    found = triage(sheet.values, sheet.definition)
    return scored(
        sheet,
        total=None,
        severity=found.risk if found.assessed else None,
        alert=found.alert,
        detail={
            "risk": found.risk,
            "colour": found.colour,
            "complete": found.complete,
            "inconsistent": found.inconsistent,
            "max_ideation": found.max_ideation,
        },
    )


def _risk(answers: Answers) -> str:
    def yes(link_id: str) -> bool:
        return answers.get(link_id) is True

    # "Ever" without a clear "not within 3 months" counts as recent.
    recent = yes("q6") or yes("q6_3mo") or (yes("q6_lifetime") and answers.get("q6_3mo") is None)
    if yes("q4") or yes("q5") or recent:
        return "high"
    if yes("q3") or yes("q6_lifetime"):
        return "moderate"
    return "low" if yes("q1") or yes("q2") else "none"


def _is_inconsistent(answers: Answers) -> bool:
    denied_thoughts = answers.get("q2") is False and any(answers.get(q) is True for q in ("q3", "q4", "q5"))
    denied_behaviour = answers.get("q6_lifetime") is False and answers.get("q6_3mo") is True
    return denied_thoughts or denied_behaviour
