"""The daily check-in: our own four items and a note. Never scored into bands. Pure."""

from __future__ import annotations

from apps.alerts.levels import Level
from apps.monitoring.instruments.definition import (
    Definition,
    EnableWhen,
    Item,
    Kind,
    Option,
    SafetyRule,
)
from apps.monitoring.instruments.definition import gettext_noop as _
from apps.monitoring.instruments.result import Score, Sheet, scored

PROBLEM_KINDS = (
    Option(1, _("Feeling sick or being sick")),
    Option(2, _("Dizzy or unsteady")),
    Option(3, _("Headache")),
    Option(4, _("Very sleepy")),
    Option(5, _("Feeling unreal or outside my body")),
    Option(6, _("Anxiety or panic")),
    Option(7, _("Pain when passing urine, or going very often")),
    Option(8, _("Blood in my urine")),
    Option(9, _("Very high, sped-up or unusually full of energy")),
    Option(10, _("Seeing, hearing or believing things that others do not")),
    Option(11, _("Chest pain, trouble breathing, or I fainted")),
    Option(12, _("Something else")),
)
SEVERITIES = (
    Option(1, _("Mild: I can do what I usually do")),
    Option(2, _("Moderate: some things are hard to do")),
    Option(3, _("Severe: I cannot do what I usually do")),
)
_PROBLEM = EnableWhen("problem", True)

CHECK_IN = Definition(
    key="check-in",
    version="1",
    title=_("Daily check-in"),
    items=(
        Item(
            "mood",
            Kind.RANGE,
            _("How is your mood right now?"),
            _("Mood"),
            minimum=0,
            maximum=100,
            low_label=_("Worst I can imagine"),
            high_label=_("Best I can imagine"),
        ),
        Item(
            "medicine",
            Kind.CHOICE,
            _("How well is the medicine working for you today?"),
            _("Medicine effect"),
            options=(
                Option(0, _("Not at all")),
                Option(1, _("A little")),
                Option(2, _("Quite well")),
                Option(3, _("Very well")),
            ),
        ),
        Item(
            "sleep",
            Kind.CHOICE,
            _("How did you sleep last night?"),
            _("Sleep"),
            options=(
                Option(0, _("Very badly")),
                Option(1, _("Badly")),
                Option(2, _("Well")),
                Option(3, _("Very well")),
            ),
        ),
        Item("problem", Kind.BOOLEAN, _("Do you have any problem or side effect?"), _("Problem")),
        Item(
            "problem_kind",
            Kind.CHOICE,
            _("What bothers you most?"),
            _("Kind of problem"),
            options=PROBLEM_KINDS,
            enable_when=_PROBLEM,
        ),
        Item(
            "problem_severity",
            Kind.CHOICE,
            _("How bad is it?"),
            _("Severity of problem"),
            options=SEVERITIES,
            enable_when=_PROBLEM,
        ),
        Item(
            "note",
            Kind.TEXT,
            _("Anything that you want to add?"),
            _("Note"),
            max_length=2000,
            required=False,
        ),
    ),
    licence="Own wording, under the licence of this project.",
    attribution="Telek",
    source_url="",
    recall="today",
    code="check-in",
    own_wording=True,
    safety=(
        # Visible blood: clinical.md ICSI card. The others are product defaults (docs/clinical-rules.md).
        SafetyRule(
            "check-in-problem-kind",
            "problem_kind",
            {8: Level.P2, 9: Level.P2, 10: Level.P2, 11: Level.P1},
            blank=None,
        ),
        SafetyRule("check-in-problem-severe", "problem_severity", {3: Level.P3}, blank=None),
    ),
)


def score_check_in(sheet: Sheet) -> Score:
    """No total and no band: the mood of 0-100 is a trend of its own."""
    return scored(
        sheet,
        total=None,
        detail={"mood": sheet.number("mood")},
    )
