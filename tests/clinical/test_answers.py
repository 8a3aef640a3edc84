"""Which values may be stored as an answer: refuse, never clamp, never coerce."""

from __future__ import annotations

from typing import Any

import pytest

from apps.monitoring.instruments import LIBRARY, AnswerRefused, Kind, check_answer, get, parse_form_value
from tests.clinical.strategies import NO_ANSWERS


def _code(key: str, link_id: str, value: Any) -> str | None:
    try:
        check_answer(get(key), link_id, value)
    except AnswerRefused as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("value", [0, 1, 2, 3, None])
def test_phq9_takes_0_to_3_and_blank(value: Any) -> None:
    assert _code("phq-9", "q9", value) is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (-1, "value_out_of_range"),
        (4, "value_out_of_range"),
        (10**30, "value_out_of_range"),
        (True, "not_an_integer"),
        (False, "not_an_integer"),
        (1.0, "not_an_integer"),
        (-0.0, "not_an_integer"),
        (float("nan"), "not_an_integer"),
        (float("inf"), "not_an_integer"),
        ("3", "not_an_integer"),
        ([3], "not_an_integer"),
    ],
)
def test_phq9_refuses_what_is_no_answer(value: Any, code: str) -> None:
    assert _code("phq-9", "q9", value) == code


@pytest.mark.parametrize("link_id", ["q0", "q10", "", "Q9", "9"])
def test_an_item_of_no_instrument_is_refused(link_id: str) -> None:
    assert _code("phq-9", link_id, 1) == "unknown_item"
    assert _code("phq-9", link_id, None) == "unknown_item"


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_yes_no_items_take_only_true_and_false(value: Any) -> None:
    assert _code("c-ssrs", "q1", value) == (None if value is None else "not_a_boolean")
    assert _code("c-ssrs", "q1", True) is None


@pytest.mark.parametrize(
    ("value", "code"), [(0, None), (100, None), (-1, "value_out_of_range"), (101, "value_out_of_range")]
)
def test_mood_goes_from_0_to_100(value: int, code: str | None) -> None:
    assert _code("check-in", "mood", value) == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("slept well", None),
        ("x" * 2000, None),
        ("x" * 2001, "too_long"),
        ("a\x00b", "bad_text"),
        ("\ud83d", "bad_text"),
        (5, "not_a_text"),
        (True, "not_a_text"),
    ],
)
def test_the_note_is_a_text_that_can_be_stored(value: Any, code: str | None) -> None:
    assert _code("check-in", "note", value) == code


@pytest.mark.parametrize("definition", LIBRARY.values(), ids=LIBRARY.keys())
def test_every_item_of_every_instrument_refuses_nonsense(definition: Any) -> None:
    for item in definition.items:
        if item.kind is Kind.TEXT:
            continue
        for value in NO_ANSWERS:
            with pytest.raises(AnswerRefused):
                check_answer(definition, item.link_id, value)


@pytest.mark.parametrize(
    ("key", "link_id", "raw", "value"),
    [
        ("phq-9", "q1", "3", 3),
        ("phq-9", "q1", " 0 ", 0),
        ("phq-9", "q1", "", None),
        ("phq-9", "q1", "  ", None),
        ("check-in", "problem", "true", True),
        ("check-in", "problem", "No", False),
        ("check-in", "mood", "100", 100),
        ("check-in", "note", " a\r\nb ", "a\nb"),
        ("check-in", "note", "   ", None),
    ],
)
def test_form_fields_are_read(key: str, link_id: str, raw: str, value: Any) -> None:
    found = parse_form_value(get(key), link_id, raw)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("key", "link_id", "raw", "code"),
    [
        ("phq-9", "q1", "4", "value_out_of_range"),
        ("phq-9", "q1", "-1", "value_out_of_range"),
        ("phq-9", "q1", "1.0", "not_an_integer"),
        ("phq-9", "q1", "1e0", "not_an_integer"),
        ("phq-9", "q1", "true", "not_an_integer"),
        ("phq-9", "q1", "٣", "not_an_integer"),
        ("phq-9", "q1", "1_0", "not_an_integer"),
        ("phq-9", "q1", "9" * 5000, "not_an_integer"),
        ("check-in", "problem", "1", "not_a_boolean"),
        ("check-in", "problem", "maybe", "not_a_boolean"),
        ("check-in", "note", "x" * 2001, "too_long"),
        ("check-in", "weather", "", "unknown_item"),
    ],
)
def test_form_fields_that_are_no_answer_are_refused(key: str, link_id: str, raw: str, code: str) -> None:
    with pytest.raises(AnswerRefused) as refusal:
        parse_form_value(get(key), link_id, raw)
    assert refusal.value.code == code
    assert refusal.value.message
