"""What lists of conditions, allergies and medicines mean for a dose: pure."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.patients import icd10
from apps.patients.medicines import GROUPS, Flag, flags_of, is_ketamine
from apps.sessions.eligibility import REASONS
from apps.sessions.treatment.findings import (
    EVER,
    PRESENT,
    REASON_FLAGS,
    Diagnosis,
    History,
    findings_of,
    interactions_of,
)

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("typed", "stored"), [("f332", "F33.2"), (" F33.2 ", "F33.2"), ("G90.50", "G90.50"), ("i10", "I10"), ("F29", "F29")]
)
def test_a_code_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert icd10.normal(typed) == stored


@pytest.mark.parametrize("typed", ["", "F3", "332", "F33.2.1", "F33.22222", "depression", "F33-2", "Ä33.2"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the text itself)
        icd10.normal(typed)


@given(st.text(max_size=12))
def test_a_code_that_is_taken_is_in_its_own_form(text: str) -> None:
    try:
        code = icd10.normal(text)
    except ValueError:
        return
    assert icd10.normal(code) == code


def test_every_code_that_ships_is_a_code_and_every_reason_is_one_of_eligibility() -> None:
    assert all(icd10.normal(code) == code for code in icd10.SHIPPED)
    assert {reason for reason, _codes in (*EVER, *PRESENT)} <= REASONS.keys()
    assert {flag.value for flag in REASON_FLAGS} <= REASONS.keys()
    assert set(GROUPS) == set(Flag)


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("Xanax 0.5 mg", [Flag.BENZODIAZEPINE]),
        ("LISDEXAMFETAMINE", [Flag.STIMULANT]),
        ("Phenelzine (Nardil)", [Flag.MAOI]),
        ("St. John's wort", [Flag.INDUCER]),
        ("St John\u2019s Wort tea", [Flag.INDUCER]),
        ("phenobarbital", [Flag.CNS, Flag.INDUCER]),
        ("sertraline", []),
        ("Sonatex", []),
        ("", []),
    ],
)
def test_a_medicine_is_known_by_its_name(name: str, flags: list[Flag]) -> None:
    assert list(flags_of(name)) == flags


def test_an_allergy_to_ketamine_is_known_in_any_writing() -> None:
    assert is_ketamine("S-Ketamine (hives)")
    assert is_ketamine("SPRAVATO")
    assert not is_ketamine("Penicillin (rash)")


@pytest.mark.parametrize(
    ("diagnosis", "found"),
    [
        (Diagnosis("I71.4", "resolved"), {"aneurysmal_vascular_disease"}),
        (Diagnosis("I61.9", "resolved", date(1999, 1, 1)), {"intracerebral_haemorrhage_history"}),
        (Diagnosis("I21.9", "active", TODAY - timedelta(days=42)), {"mi_or_stroke_within_6_weeks"}),
        (Diagnosis("I21.9", "active", TODAY - timedelta(days=43)), set()),
        (Diagnosis("I63.9"), {"mi_or_stroke_within_6_weeks"}),
        (Diagnosis("I63.9", "resolved"), set()),
        (Diagnosis("F20.9"), {"active_psychosis"}),
        (Diagnosis("F20.9", "remission"), {"psychosis_history"}),
        (Diagnosis("F10.20"), {"active_substance_use_disorder"}),
        (Diagnosis("F10.21"), {"substance_use_disorder_history"}),
        (Diagnosis("F17.210"), set()),
        (Diagnosis("F31.9"), {"bipolar"}),
        (Diagnosis("F31.12"), {"bipolar", "possible_mania"}),
        (Diagnosis("O24.4"), {"pregnant"}),
        (Diagnosis("O24.4", "resolved"), set()),
        (Diagnosis("F33.2"), set()),
    ],
)
def test_a_diagnosis_gives_its_reasons(diagnosis: Diagnosis, found: set[str]) -> None:
    assert findings_of(History(diagnoses=(diagnosis,)), TODAY) == found


def test_flags_are_reasons_or_interactions_and_never_lost() -> None:
    flags = frozenset(flag.value for flag in Flag)
    found = findings_of(History(flags=flags), TODAY) | set(interactions_of(flags))
    assert found == flags
