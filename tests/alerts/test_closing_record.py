"""What must be written down at closing, by level, cause and ending (clinical reference 4.4)."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.alerts.closing_record import QUESTIONS, faults, in_words, needed, tidied

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
ALL = frozenset(QUESTIONS) - {"told", "follow_up_by"}
DOCUMENTED = {
    "ideation", "plan", "intent", "means", "past", "protective", "intoxication", "acute", "chronic", "why", "care",
    "safety_plan", "means_safety", "basis", "follow_up_at", "treatment",
}  # fmt: skip


@pytest.mark.parametrize(
    ("level", "cause", "disposition", "wanted"),
    [
        ("P1", "suicidal-thoughts", "safe", DOCUMENTED),
        ("P1", "call-request", "emergency", DOCUMENTED),
        (
            "P2",
            "suicidal-thoughts",
            "safe",
            {"ideation", "plan", "intent", "acute", "why", "safety_plan", "care", "follow_up_at", "treatment"},
        ),
        ("P1", "vital-signs", "emergency", {"care", "follow_up_at", "treatment"}),
        ("P2", "bladder", "visit", {"care", "follow_up_at", "treatment"}),
        ("P1", "suicidal-thoughts", "welfare-check", {"acute", "why", "basis", "follow_up_at", "treatment"}),
        ("P3", "suicidal-thoughts", "done", set()),
    ],
)
def test_each_level_asks_for_what_it_needs(level: str, cause: str, disposition: str, wanted: set[str]) -> None:
    assert needed(level, cause, disposition) == wanted


def test_a_dismissed_hint_owes_nothing() -> None:
    assert needed("P2", "phrase", "no-concern", dismissed=True) == frozenset()


def test_what_is_missing_is_named_in_words() -> None:
    found = faults(tidied({"acute": "low"}), frozenset({"acute", "why", "treatment"}), AT)
    assert list(found) == ["why", "treatment"]
    assert in_words(found) == "To close this, still look at: why this level, treatment."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("acute", "terrible"),
        ("follow_up_at", "tomorrow"),
        ("follow_up_at", "2026-11-26T09:00"),
        ("follow_up_at", (AT - timedelta(minutes=1)).isoformat()),
        ("follow_up_at", (AT + timedelta(days=91)).isoformat()),
    ],
)
def test_a_wrong_answer_is_a_fault_of_its_field(name: str, value: str) -> None:
    assert list(faults(tidied({name: value}), frozenset(), AT)) == [name]


def test_telling_somebody_says_whom() -> None:
    assert faults({"basis": "danger"}, frozenset(), AT) == {"told": "Write who was told."}
    assert faults({"basis": "danger", "told": "Police, ref. 4711"}, frozenset(), AT) == {}
    assert faults({"basis": "nobody"}, frozenset(), AT) == {}


def test_unknown_names_and_nul_bytes_are_dropped() -> None:
    assert tidied({"why": " a\x00b ", "disposition": "safe", "plan": "", "told": None}) == {"why": "ab"}
