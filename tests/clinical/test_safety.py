"""A safety item fires on its own answer, whatever the rest says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.levels import Level, worst
from apps.monitoring.instruments import (
    LIBRARY,
    AnswerRefused,
    blank_safety_items,
    final_findings,
    get,
    safety_level,
    score,
    score_items,
)
from tests.clinical.strategies import NO_ANSWERS, sheets_of, thorough

ITEM_LEVELS: list[tuple[str, str, list[Level | None]]] = [
    ("phq-9", "q9", [None, Level.P2, Level.P1, Level.P1]),
    ("qids-sr16", "q12", [None, Level.P2, Level.P1, Level.P1]),
    ("madrs", "q10", [None, None, Level.P2, Level.P2, Level.P1, Level.P1, Level.P1]),
    ("moaa-s", "score", [Level.P1, Level.P1, Level.P1, Level.P2, None, None]),
    ("misuse", "use_outside", [None, *[Level.P3] * 10]),
]


@pytest.mark.parametrize(("key", "link_id", "levels"), ITEM_LEVELS)
def test_level_of_each_answer_of_a_safety_item(key: str, link_id: str, levels: list[Level | None]) -> None:
    assert [safety_level(get(key), link_id, value) for value in range(len(levels))] == levels


@pytest.mark.parametrize("link_id", [f"q{number}" for number in range(1, 9)])
def test_no_other_item_of_the_phq9_alerts(link_id: str) -> None:
    assert [safety_level(get("phq-9"), link_id, value) for value in range(4)] == [None] * 4


@pytest.mark.parametrize(
    ("link_id", "value", "level"),
    [
        ("problem_kind", 8, Level.P2),
        ("problem_kind", 9, Level.P2),
        ("problem_kind", 10, Level.P2),
        ("problem_kind", 11, Level.P1),
        ("problem_kind", 1, None),
        ("problem_severity", 3, Level.P3),
        ("problem_severity", 2, None),
        ("problem", True, None),
        ("mood", 0, None),
    ],
)
def test_check_in_problems_that_need_a_human(link_id: str, value: Any, level: Level | None) -> None:
    assert safety_level(get("check-in"), link_id, value) is level


def test_a_blank_is_no_answer_while_the_survey_is_open() -> None:
    assert safety_level(get("phq-9"), "q9", None) is None


@pytest.mark.parametrize("value", [True, *NO_ANSWERS])
def test_a_value_that_is_no_answer_is_refused_not_judged(value: Any) -> None:
    with pytest.raises(AnswerRefused):
        safety_level(get("phq-9"), "q9", value)


@pytest.mark.parametrize("key", ["phq-9", "qids-sr16", "madrs"])
def test_a_blank_suicide_item_is_p3_when_the_survey_ends(key: str) -> None:
    definition = get(key)
    (item,) = definition.safety_items
    answers: dict[str, Any] = {**dict.fromkeys(definition.link_ids, 0), item: None}
    assert blank_safety_items(definition, answers) == (item,)
    assert score(definition, answers).alert is Level.P3
    assert [finding.code.endswith("-blank") for finding in final_findings(definition, answers)] == [True]
    assert blank_safety_items(definition, {**answers, item: 0}) == ()


def test_a_blank_check_in_problem_is_no_safety_question() -> None:
    assert blank_safety_items(get("check-in"), {"problem": True}) == ()
    assert score(get("check-in"), {}).alert is None


@pytest.mark.parametrize(("item_nine", "required"), [(None, False), (0, False), (1, True), (2, True), (3, True)])
def test_any_positive_item_nine_opens_the_screener(item_nine: int | None, required: bool) -> None:
    assert score_items(get("phq-9"), [0] * 8 + [item_nine]).detail["cssrs_required"] is required


def test_a_refused_item_nine_counts_as_not_assessed() -> None:
    found = score_items(get("phq-9"), [0, 0, 0, 0, 0, 0, 0, 0, 4])
    assert (found.valid, found.total, found.alert) == (False, None, Level.P3)


def test_too_few_items_keep_the_alert_of_those_that_are_there() -> None:
    assert score_items(get("phq-9"), [0] * 8).alert is Level.P3
    assert score_items(get("phq-9"), [0] * 8 + [2, 0]).alert is Level.P1


@thorough
@given(st.data())
def test_item_nine_fires_whatever_the_other_answers_are(data: st.DataObject) -> None:
    rest = data.draw(st.lists(st.sampled_from([None, 0, 1, 2, 3, *NO_ANSWERS]), min_size=8, max_size=8))
    value = data.draw(st.integers(0, 3))
    assert score_items(get("phq-9"), [*rest, value]).alert is {0: None, 1: Level.P2, 2: Level.P1, 3: Level.P1}[value]


@thorough
@given(st.data())
def test_the_alert_is_the_worst_of_all_findings_and_at_least_that_of_each_answer(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(list(LIBRARY.values())))
    answers = data.draw(sheets_of(definition))
    alert = score(definition, answers).alert
    single = [safety_level(definition, link_id, value) for link_id, value in answers.items()]
    findings = [finding.level for finding in final_findings(definition, answers)]
    assert worst([alert, *single, *findings]) is alert
    if definition.key not in {"asrm", "icsi-icpi"}:  # those two also judge totals
        assert worst(findings) is alert


@thorough
@given(st.data())
def test_a_worse_answer_never_lowers_the_alert(data: st.DataObject) -> None:
    key, item, levels = data.draw(st.sampled_from(ITEM_LEVELS[:3]))
    answers = data.draw(sheets_of(get(key)))
    lower, higher = sorted(data.draw(st.tuples(*[st.integers(0, len(levels) - 1)] * 2)))
    before = score(get(key), {**answers, item: lower}).alert
    after = score(get(key), {**answers, item: higher}).alert
    assert worst([before, after]) is after
