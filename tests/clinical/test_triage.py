"""C-SSRS triage: highest level that any answer implies, never green when not assessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from apps.alerts.levels import Level, worst
from apps.monitoring.instruments import get, safety_level, score
from apps.monitoring.instruments.suicide import CSSRS_SINCE, triage
from tests.clinical.strategies import sheets_of, thorough

NAMES = ("q1", "q2", "q3", "q4", "q5", "q6_lifetime", "q6_3mo")
T, F, N = True, False, None


def _answers(*values: bool | None) -> dict[str, bool | None]:
    return dict(zip(NAMES, values, strict=True))


@pytest.mark.parametrize(
    ("answers", "risk", "alert", "complete"),
    [
        ((F, F, N, N, N, F, N), "none", None, True),
        ((F, F, F, F, F, F, F), "none", None, True),
        ((T, F, N, N, N, F, N), "low", Level.P3, True),
        ((F, T, F, F, F, F, N), "low", Level.P3, True),
        ((T, T, T, F, F, F, N), "moderate", Level.P2, True),
        ((T, T, F, T, F, F, N), "high", Level.P1, True),
        ((T, T, F, F, T, F, N), "high", Level.P1, True),
        ((F, F, N, N, N, T, F), "moderate", Level.P2, True),
        ((F, F, N, N, N, T, T), "high", Level.P1, True),
        ((F, F, N, N, N, T, N), "high", Level.P1, False),  # recency blank counts as recent
        ((N, N, N, N, N, N, N), "none", Level.P2, False),
        ((F, F, N, N, N, N, N), "none", Level.P2, False),
        ((N, F, N, N, N, F, N), "none", Level.P2, False),
        ((F, N, N, N, N, F, N), "none", Level.P2, False),
        ((T, F, N, N, N, N, N), "low", Level.P2, False),  # a blank lifts a low to P2
        ((T, T, N, N, N, F, N), "low", Level.P2, False),
        ((T, T, T, N, F, F, N), "moderate", Level.P2, False),
        ((T, T, N, T, N, N, N), "high", Level.P1, False),
        ((N, N, N, N, N, N, T), "high", Level.P1, False),
    ],
)
def test_risk_alert_and_completeness(
    answers: tuple[bool | None, ...], risk: str, alert: Level | None, complete: bool
) -> None:
    found = triage(_answers(*answers))
    assert (found.risk, found.alert, found.complete) == (risk, alert, complete)


@pytest.mark.parametrize(
    ("answers", "inconsistent", "risk"),
    [
        ((F, F, T, F, F, F, N), True, "moderate"),
        ((F, F, F, T, F, F, N), True, "high"),
        ((F, F, F, F, T, F, N), True, "high"),
        ((F, F, N, N, N, F, T), True, "high"),
        ((F, T, T, F, F, F, N), False, "moderate"),
        ((F, N, T, F, F, F, N), False, "moderate"),
        ((F, F, N, N, N, F, F), False, "none"),
    ],
)
def test_contradictions_are_flagged_and_keep_the_highest(
    answers: tuple[bool | None, ...], inconsistent: bool, risk: str
) -> None:
    found = triage(_answers(*answers))
    assert (found.inconsistent, found.risk) == (inconsistent, risk)


@pytest.mark.parametrize(
    ("answers", "highest"),
    [((F, F, N, N, N, F, N), 0), ((T, F, N, N, N, F, N), 1), ((F, T, F, F, F, F, N), 2), ((T, T, T, F, F, F, N), 3),
     ((T, T, T, T, F, F, N), 4), ((T, T, F, F, T, F, N), 5), ((N,) * 7, 0)],
)  # fmt: skip
def test_highest_ideation(answers: tuple[bool | None, ...], highest: int) -> None:
    assert triage(_answers(*answers)).max_ideation == highest


def test_colours_are_those_of_the_card_and_green_is_never_shown_unassessed() -> None:
    assert triage(_answers(F, F, N, N, N, F, N)).colour == "green"
    assert triage(_answers(T, F, N, N, N, F, N)).colour == "yellow"
    assert triage(_answers(T, T, T, F, F, F, N)).colour == "orange"
    assert triage(_answers(T, T, T, T, F, F, N)).colour == "red"
    nothing = triage(_answers(*[N] * 7))
    assert nothing.assessed is False
    assert score(get("c-ssrs"), {}).severity is None


@pytest.mark.parametrize(
    ("link_id", "level"),
    [("q1", Level.P3), ("q2", Level.P3), ("q3", Level.P2), ("q4", Level.P1), ("q5", Level.P1),
     ("q6_lifetime", Level.P2), ("q6_3mo", Level.P1)],
)  # fmt: skip
def test_each_yes_fires_alone_as_soon_as_it_is_saved(link_id: str, level: Level) -> None:
    assert safety_level(get("c-ssrs"), link_id, True) is level
    assert safety_level(get("c-ssrs"), link_id, False) is None


def test_a_number_for_yes_is_refused_and_the_rest_still_counts() -> None:
    found = score(get("c-ssrs"), {**_answers(F, T, F, T, F, F, N), "q1": 1})
    assert (found.valid, found.alert, found.detail["complete"]) == (False, Level.P1, False)


@thorough
@given(sheets_of(get("c-ssrs")))
def test_the_alert_follows_the_table(answers: dict[str, Any]) -> None:
    found = triage(answers)
    by_risk = {"high": Level.P1, "moderate": Level.P2, "low": Level.P3, "none": None}[found.risk]
    expected = by_risk if found.complete else worst([by_risk, Level.P2])
    assert found.alert is expected


@thorough
@given(sheets_of(get("c-ssrs")))
def test_a_yes_never_lowers_the_risk(answers: dict[str, Any]) -> None:
    order = ["none", "low", "moderate", "high"]
    before = order.index(triage(answers).risk)
    for name in NAMES[:5]:
        assert order.index(triage({**answers, name: True}).risk) >= before
    assert order.index(triage({**answers, "q6_3mo": True}).risk) >= before


@thorough
@given(sheets_of(get("c-ssrs")))
def test_the_finished_screener_is_never_milder_than_a_single_answer(answers: dict[str, Any]) -> None:
    alert = triage(answers).alert
    assert worst([alert, *(safety_level(get("c-ssrs"), name, value) for name, value in answers.items())]) is alert


@pytest.mark.parametrize(
    ("answers", "risk", "alert", "complete"),
    [
        ({"q1": False, "q2": False, "q6": False}, "none", None, True),
        ({"q1": True, "q2": False, "q6": False}, "low", Level.P3, True),
        ({"q1": True, "q2": True, "q3": True, "q4": False, "q5": False, "q6": False}, "moderate", Level.P2, True),
        ({"q1": False, "q2": True, "q3": False, "q4": True, "q5": False, "q6": False}, "high", Level.P1, True),
        ({"q1": False, "q2": False, "q6": True}, "high", Level.P1, True),
        ({"q1": False, "q2": False, "q6": None}, "none", Level.P2, False),
    ],
)
def test_since_the_last_contact_behaviour_is_recent_by_itself(
    answers: dict[str, bool | None], risk: str, alert: Level | None, complete: bool
) -> None:
    found = triage(answers, CSSRS_SINCE)
    assert (found.risk, found.alert, found.complete) == (risk, alert, complete)
