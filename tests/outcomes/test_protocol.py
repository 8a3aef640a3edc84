"""The three commands: exactly the protocol, refusals with their place, no database."""

import copy
import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.outcomes import clinics

SEED = 91


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    seen = clinics.courses(clinics.BASE, 4, SEED)
    return {
        "folder": tmp_path_factory.mktemp("protocol"),
        "train": {"schema": "telek-train/1", "patients": [one.record for one in seen]},
        "cases": {
            "schema": "telek-forecast/1",
            "cases": [case.asked for case in clinics.cases(clinics.BASE, seen, SEED)],
        },
        "stream": {"schema": "telek-stream/1", "patients": [record for record, _truth in clinics.stream(seen)]},
    }


def run(command: str, files: dict[str, Any], **changed: Any) -> Path:
    folder: Path = files["folder"]
    needed = {
        "forecast_cases": ("train", "cases"),
        "forecast_stream": ("train", "stream"),
        "outcome_report": ("stream",),
    }
    arguments = []
    for name in needed[command]:
        path = folder / f"{name}.json"
        value = changed.get(name, files[name])
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        arguments += [f"--{name}", str(path)]
    call_command(command, *arguments, "--out", str(folder / "out"))
    return folder / "out"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.outcomes.mathematics import fit
    from apps.outcomes.protocol import commands

    monkeypatch.setattr(
        commands, "learn", lambda courses, start, prior: fit.fit(courses, steps=0, start=start, prior=prior)
    )


def test_every_case_has_its_row_with_what_was_wanted_and_blanks_elsewhere(files: dict[str, Any]) -> None:
    with run("forecast_cases", files).open() as file:
        rows = {row["case_id"]: row for row in csv.DictReader(file)}
    assert list(rows) == [case["case_id"] for case in files["cases"]["cases"]]
    for case in files["cases"]["cases"]:
        row = rows[case["case_id"]]
        for name in ("phq7", "phq14", "phq28", *(["ttt"] if case["want"]["ttt"] else [])):
            low, middle, high = (float(row[f"{name}_q{share}"]) for share in (10, 50, 90))
            assert low <= middle <= high
        assert (row["p_response"] != "") == (case["want"]["response_day"] is not None)
        assert (row["p_relapse14"] != "") == case["want"]["relapse"]


def test_a_stream_cut_short_has_the_same_scores_and_item_nine_passes_straight_through(files: dict[str, Any]) -> None:
    with run("forecast_stream", files).open() as file:
        whole = {(row["patient_id"], row["day"]): row for row in csv.DictReader(file)}
    short = copy.deepcopy(files["stream"])
    one = short["patients"][0]
    one["monitor_to"] = cut = one["monitor_from"] + 20
    for name in ("sessions", "scores", "moods"):
        one[name] = [each for each in one[name] if each["day"] <= cut]
    with run("forecast_stream", files, stream=short).open() as file:
        for row in csv.DictReader(file):
            assert float(row["score"]) == pytest.approx(float(whole[row["patient_id"], row["day"]]["score"]), abs=1e-6)
    for record in files["stream"]["patients"]:
        days = range(record["monitor_from"], record["monitor_to"] + 1)
        unsafe = {each["day"] for each in record["scores"] if each["item9"] >= 1}
        flags = {day: whole[record["patient_id"], str(day)]["si_alert"] for day in days}
        assert {day for day in days if flags[day] == "1"} == unsafe & set(days)


def test_the_report_has_every_key_of_the_protocol(files: dict[str, Any]) -> None:
    found = json.loads(run("outcome_report", files).read_text())
    assert found["n_patients"] == len(files["stream"]["patients"])
    assert set(found["km_treatment_policy"]["28"]) == {"S", "se"}
    assert len(found) == 16


def spoil(value: Any, path: str, new: Any) -> Any:
    spoiled = copy.deepcopy(value)
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    inner = spoiled
    for step in way:
        inner = inner[step]
    if new is KeyError:
        del inner[last]
    else:
        inner[last] = new
    return spoiled


BROKEN = [
    ("schema", "telek-train/2", "$.schema"),
    ("patients", [], "$.patients"),
    ("patients", {}, "$.patients"),
    ("patients/1/baseline_phq9", float("nan"), "$.patients[1].baseline_phq9"),
    ("patients/1/baseline_phq9", True, "$.patients[1].baseline_phq9"),
    ("patients/1/baseline_phq9", 10**400, "$.patients[1].baseline_phq9"),
    ("patients/1/baseline_phq9", KeyError, "$.patients[1]: the key baseline_phq9 is missing"),
    ("patients/0/scores/1/total", 28, "$.patients[0].scores[1].total"),
    ("patients/0/scores/1/total", 7.5, "$.patients[0].scores[1].total"),
    ("patients/0/scores/1/day", 0, "$.patients[0].scores[1].day: the same day twice"),
    ("patients/0/scores/0/day", 30, "days are not in order"),
    ("patients/0/sessions/0/dose_mg_per_kg", "0.5", "$.patients[0].sessions[0].dose_mg_per_kg"),
    ("patients/0/sessions/0/phase", "other", "$.patients[0].sessions[0].phase"),
    ("patients/0/moods/0", None, "$.patients[0].moods[0]"),
    ("patients/1/patient_id", "t0000", "$.patients[1].patient_id: stands twice"),
]


@pytest.mark.parametrize(("path", "new", "said"), BROKEN)
def test_a_malformed_file_is_refused_with_its_place(files: dict[str, Any], path: str, new: Any, said: str) -> None:
    with pytest.raises(CommandError) as refusal:
        run("forecast_cases", files, train=spoil(files["train"], path, new))
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"schema": "telek-stream/1"}', '{"schema": 1, "schema": 2}', "[" * 100_000]
)
def test_a_file_that_is_not_even_the_right_json_is_refused(files: dict[str, Any], text: str) -> None:
    with pytest.raises(CommandError, match=r"stream\.json, line 1: \$"):
        run("outcome_report", files, stream=text)


def test_a_refusal_names_the_line_of_the_value(files: dict[str, Any]) -> None:
    spoiled = json.dumps(spoil(files["train"], "patients/1/scores/2/total", 99), indent=1)
    lines = spoiled.splitlines()
    with pytest.raises(CommandError) as refusal:
        run("forecast_cases", files, train=spoiled)
    number = int(str(refusal.value).split("line ")[1].split(":")[0])
    assert '"total": 99' in lines[number - 1]
    broken = spoiled.replace('"schema":', '"schema"', 1)
    with pytest.raises(CommandError, match=r"train\.json, line 2: \$: not JSON"):
        run("forecast_cases", files, train=broken)


def test_a_wrong_file_ends_the_program_with_1_and_a_line_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "stream.json").write_text('{"schema": "telek-stream/1",\n "patients": 3}')
    words = ["outcome_report", "--stream", str(tmp_path / "stream.json"), "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "manage.py", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "line 2: $.patients: expected a list" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_odd_but_legal_input_is_answered(files: dict[str, Any]) -> None:
    odd = copy.deepcopy(files["cases"])
    one = odd["cases"][0]
    one |= {"case_id": 'a, "b"', "sessions": [], "scores": [], "moods": [], "plan": [], "cutoff_day": 0, "extra": None}
    one["want"] = {"phq_days": [14], "response_day": 365, "relapse": True, "ttt": False}
    with run("forecast_cases", files, cases="\ufeff" + json.dumps(odd)).open() as file:
        row = next(csv.DictReader(file))
    assert row["case_id"] == 'a, "b"'
    assert (row["phq7_q50"], row["ttt_q50"]) == ("", "")
    assert 0 <= float(row["p_response"]) <= 1
    assert 0 <= float(row["p_relapse14"]) <= 1


def test_a_case_whose_history_knows_its_future_is_refused(files: dict[str, Any]) -> None:
    cutoff = files["cases"]["cases"][0]["cutoff_day"]
    for name, what in (
        ("scores", {"total": 5, "item9": 0}),
        ("sessions", {"dose_mg_per_kg": 0.5, "phase": "induction"}),
    ):
        late = [{"day": cutoff + (name == "scores"), **what}]
        with pytest.raises(CommandError, match=rf"\$\.cases\[0\]\.{name}\[0\]\.day"):
            run("forecast_cases", files, cases=spoil(files["cases"], f"cases/0/{name}", late))
