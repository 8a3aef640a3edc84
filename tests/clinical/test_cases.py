"""The worked cases, and the command that answers them, run as a physician runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telek.clinical_cases import INSTRUMENTS, KINDS, answer_line
from tests.clinical.strategies import thorough

ROOT = Path(__file__).resolve().parents[2]
LINES = (Path(__file__).parent / "cases.jsonl").read_bytes().splitlines()


def _run(lines: bytes) -> subprocess.CompletedProcess[bytes]:
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    return subprocess.run(
        [sys.executable, "manage.py", "clinical_check"],
        input=lines,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **nowhere},
        check=False,
        timeout=60,
    )


def _ask(kind: str, given_input: dict[str, Any], instrument: str = "") -> dict[str, Any]:
    case = {"id": "t", "kind": kind, "instrument": instrument, "input": given_input}
    return answer_line(json.dumps(case).encode())


@pytest.mark.parametrize("line", LINES, ids=[json.loads(line)["id"] for line in LINES])
def test_every_worked_case_comes_out_as_expected(line: bytes) -> None:
    case = json.loads(line)
    output = answer_line(line)["output"]
    assert {name: output[name] for name in case["key_expected"]} == {
        name: case["expected"][name] for name in case["key_expected"]
    }


def test_there_are_47_worked_cases() -> None:
    assert len(LINES) == 47


def test_the_command_answers_all_cases_in_order_without_a_database() -> None:
    done = _run(b"\n".join(LINES) + b"\n")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [answer["id"] for answer in answers] == [json.loads(line)["id"] for line in LINES]
    assert answers == [answer_line(line) for line in LINES]


def test_the_command_goes_on_after_bad_lines_and_ends_with_1() -> None:
    bad = [b"no json", b"\xff\xfe", b"[1]", b'{"id": 7, "kind": "weather", "input": {}}']
    done = _run(b"\n".join([*bad, LINES[0]]))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [answer["id"] for answer in answers] == [None, None, None, 7, "score-007"]
    assert ["error" in answer for answer in answers] == [True, True, True, True, False]
    assert b"4 of 5 lines" in done.stderr


@pytest.mark.parametrize(
    ("kind", "given_input", "instrument"),
    [
        ("score", {"items": [0]}, "PHQ-10"),
        ("score", {"items": "000000000"}, "PHQ-9"),
        ("score", {}, "PHQ-9"),
        ("dose_check", {"route": "rectal", "dose_mg": 1}, ""),
        ("dose_check", {"dose_mg": 1}, ""),
        ("frequency_check", {"proposed_day": True, "previous_days": []}, ""),
        ("frequency_check", {"proposed_day": 3, "previous_days": None}, ""),
        ("eligibility", {"drug": "aspirin"}, ""),
        ("eligibility", {"drug": "esketamine", "pregnant": 1}, ""),
        ("eligibility", {"drug": "esketamine", "sbp": "120"}, ""),
        ("rems_session", {"discharge": "25:00"}, ""),
        ("rems_session", {"bp_end": [120]}, ""),
        ("rems_form_due", {"session_date": "2026-02-30", "today": "2026-03-01"}, ""),
        ("rems_form_due", {"session_date": "2026-02-03"}, ""),
        ("change", {"measure": "MOAA/S", "baseline": 1, "current": 1}, ""),
        ("alert_sla", {"priority": "P4", "elapsed_min": 1}, ""),
        ("alert_sla", {"priority": "P1", "elapsed_min": -1}, ""),
        ("alert_sla", {"priority": "P1", "elapsed_min": None}, ""),
        ("alert_sla", {"priority": "P1", "elapsed_min": 1, "acknowledged": "no"}, ""),
    ],
)
def test_an_input_that_cannot_be_is_an_error_line(kind: str, given_input: dict[str, Any], instrument: str) -> None:
    answer = _ask(kind, given_input, instrument)
    assert answer.keys() == {"id", "error"}
    assert answer["error"]


def test_a_key_that_stands_twice_is_an_error_line() -> None:
    assert "error" in answer_line(b'{"id": 1, "kind": "news2", "kind": "score", "input": {}}')


def test_a_misspelt_field_is_named_in_the_answer() -> None:
    output = _ask("session_vitals", {"hr": 70, "sp02": 80})["output"]
    assert output == {"alert": None, "reasons": [], "ignored": ["sp02"]}


def test_a_refusal_by_an_instrument_is_an_answer() -> None:
    output = _ask("score", {"items": [4, 0, 0, 0, 0, 0, 0, 0, 3]}, "PHQ-9")["output"]
    assert (output["valid"], output["total"], output["error"]) == (False, None, "value_out_of_range")
    assert (output["alert"], output["cssrs_required"]) == ("P1", True)
    assert output["refused"] == {"q1": "value_out_of_range"}


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, (key, _fields) in INSTRUMENTS.items()])
def test_no_instrument_totals_a_wrong_number_of_items(name: str, key: str) -> None:
    given_input = {"MOAA/S": {"score": 6}, "ICSI/ICPI": {"icsi": [0] * 5, "icpi": [0] * 4}}.get(
        name, {"items": [False if key == "dast-10" else 0] * 25}
    )
    output = _ask("score", given_input, name)["output"]
    assert output["valid"] is False
    assert output["error"] == "value_out_of_range"
    assert output.get("total") is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@thorough
@given(st.data())
def test_any_json_as_input_gives_a_strict_json_answer(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    fields = sorted(KINDS[kind][0])
    case = {
        "id": data.draw(_JSON),
        "kind": kind,
        "instrument": data.draw(st.sampled_from([*INSTRUMENTS, None])),
        "input": data.draw(st.dictionaries(st.sampled_from(fields), _JSON | st.lists(_JSON, max_size=20))),
    }
    answer = answer_line(json.dumps(case).encode())
    assert answer.keys() in ({"id", "output"}, {"id", "error"})
    json.dumps(answer.get("output"), allow_nan=False)


@thorough
@given(st.binary(max_size=60))
def test_any_bytes_give_an_answer(line: bytes) -> None:
    assert answer_line(line).keys() in ({"id", "output"}, {"id", "error"})
