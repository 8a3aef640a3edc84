"""Print how good the forecasts are on clinics that do not exist: the table of docs/forecasting.md.

    .venv/bin/python -m tests.outcomes.table --set held-out --seed 77 [--people 300] [--learn 150] [--only NAME] [--alarms]

A clinic's model is fitted to its own people; who is judged was never seen by it. No database.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from apps.outcomes.mathematics import alarm
from apps.outcomes.mathematics.courses import Course
from apps.outcomes.mathematics.fit import Model
from apps.outcomes.mathematics.widening import learn
from apps.outcomes.prior import learning_prior, starting_model
from apps.outcomes.protocol.answering import answer_cases
from apps.outcomes.protocol.reading import Case as Asked
from tests.outcomes import clinics, judge

Floats = judge.Floats
AHEAD: Final = (7, 14, 28)
FEWEST: Final = 10  # of a sort, to say anything about it


def course(record: Mapping[str, Any], last: int, plan: Sequence[Mapping[str, Any]] = ()) -> Course:
    """A record of clinics.py as the model reads it."""
    return Course(
        record["baseline_phq9"],
        record["relapse_threshold"],
        last,
        {each["day"]: each["dose_mg_per_kg"] for each in record["sessions"]},
        {each["day"]: float(each["total"]) for each in record["scores"]},
        {each["day"]: float(each["value"]) for each in record["moods"]},
        {each["day"]: each["dose_mg_per_kg"] for each in plan},
    )


def asked(case: clinics.Case) -> Asked:
    """The question of a case."""
    said, want = case.asked, case.asked["want"]
    cutoff, response = said["cutoff_day"], want["response_day"]
    return Asked(
        said["case_id"],
        said["patient_id"],
        course(said, cutoff, said["plan"]),
        frozenset(AHEAD),
        None if response is None else response - cutoff,
        want["relapse"],
        want["ttt"],
    )


def figures(cases: Sequence[clinics.Case], model: Model) -> dict[str, float]:
    """Every measure of the goals but the alarm's."""
    rows = answer_cases([asked(case) for case in cases], model, lambda _done: None)
    said = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows])
    below = [number for number, case in enumerate(cases) if case.below]
    relapses = _relapses([cases[number] for number in below], said[below, 10:])
    anybody = {f"last answer alone, {name}": value for name, value in _relapses(cases, said[:, 10:]).items()}
    return _totals(cases, said) | _responses(cases, said[:, 9]) | relapses | anybody


def _totals(cases: Sequence[clinics.Case], said: Floats) -> dict[str, float]:
    truth = np.array([case.totals for case in cases], float).ravel()
    bands = said[:, :9].reshape(-1, 3)
    last = np.repeat([case.asked["scores"][-1]["total"] for case in cases], 3).astype(float)
    moves = (truth - last).reshape(-1, 3)  # of 7, 14 and 28 days: the best fixed band around the last value
    fixed = last[:, None] + np.tile(np.quantile(moves, judge.SHARES, axis=0).T, (len(cases), 1))
    return {
        "MAE over last value": float(np.mean(np.abs(bands[:, 1] - truth)) / np.mean(np.abs(last - truth))),
        "pinball over last value": judge.pinball(truth, bands) / judge.pinball(truth, np.clip(fixed, 0, 27)),
        "coverage of the 80 % band": judge.coverage(truth, bands[:, 0], bands[:, 2]),
    }


def _responses(cases: Sequence[clinics.Case], said: Floats) -> dict[str, float]:
    rows = [number for number, case in enumerate(cases) if case.response is not None]
    yes, found = np.array([bool(cases[number].response) for number in rows]), said[rows]
    early = np.array([_improvement(cases[number]) for number in rows])
    rule = _shares(early >= 0.2, yes)
    return {
        "response: AUC gain over early improvement": judge.auc(found, yes) - judge.auc(early, yes),
        "response: Brier ratio to the 20 % rule": judge.brier(found, yes) / judge.brier(rule, yes),
        "response: calibration error": judge.calibration_error(found, yes),
    }


def _improvement(case: clinics.Case) -> float:
    base = case.asked["baseline_phq9"]
    return float((base - case.asked["scores"][-1]["total"]) / base)


def _shares(group: Any, yes: Any) -> Floats:
    return np.where(group, yes[group].mean() if group.any() else 0, yes[~group].mean() if (~group).any() else 0)


def _relapses(cases: Sequence[clinics.Case], said: Floats) -> dict[str, float]:
    """Asked of those whose last answer is below the threshold; the harder half of it, whose truth is below as well."""
    rows = [number for number, case in enumerate(cases) if case.relapsed is not None]
    yes, found = np.array([bool(cases[number].relapsed) for number in rows]), said[rows, 0]
    last = [cases[n].asked["scores"][-1]["total"] - cases[n].asked["relapse_threshold"] for n in rows]
    days, bands = np.array([float(cases[number].days or 60) for number in rows]), said[rows, 1:]
    anybody = np.tile(np.quantile(days, judge.SHARES), (len(rows), 1))
    return {
        "relapse: AUC gain over the last score": judge.auc(found, yes) - judge.auc(last, yes),
        "relapse: Brier skill": 1 - judge.brier(found, yes) / judge.brier(np.full(len(yes), yes.mean()), yes),
        "relapse: calibration error": judge.calibration_error(found, yes),
        "days to threshold: C-index": judge.c_index(bands[:, 1], days),
        "days to threshold: pinball ratio": judge.pinball(days, bands) / judge.pinball(days, anybody),
        "(days to threshold: mean error of the middle)": float(np.mean(np.abs(bands[:, 1] - days))),
        "days to threshold: coverage": float(np.mean((bands[:, 0] <= days) & (days <= bands[:, 2]))),
        "(judged: relapses of)": float(yes.sum() + len(yes) / 10_000),
    }


def alarms(seen: list[clinics.Simulated], model: Model) -> dict[str, float]:
    """Share of onsets that the alarm finds more than the last score does, at 1 and 2 false alarms per 100 quiet days."""
    watched = clinics.stream(seen)
    found = alarm.scores([course(record, record["monitor_to"]) for record, _truth in watched], model)
    ours, last = [], []
    for (record, truth), scores in zip(watched, found, strict=True):
        first, threshold = record["monitor_from"], float(record["relapse_threshold"])
        ours.append((scores[first:], truth, threshold, first))
        last.append((_carried(record) - threshold, truth, threshold, first))
    out = {}
    for rate in (1, 2):
        (mine, early), (theirs, theirs_early) = judge.sensitivity(ours, rate), judge.sensitivity(last, rate)
        out[f"alarm: sensitivity gain at {rate}"] = mine - theirs
        out[f"alarm: sensitivity at {rate}"] = mine
        out[f"alarm: gain at or before onset at {rate}"] = early - theirs_early
    return out


def _carried(record: Mapping[str, Any]) -> Floats:
    """The last observed total on each day watched."""
    days = np.arange(record["monitor_from"], record["monitor_to"] + 1)
    known = [each["day"] for each in record["scores"]]
    totals = np.array([each["total"] for each in record["scores"]], float)
    return np.asarray(totals[np.searchsorted(known, days, side="right") - 1])


def fitted(courses: Sequence[Course]) -> Model:
    """The model of the commands."""
    return learn(courses, start=starting_model().model.noise, prior=learning_prior())


def judged(clinic: clinics.Clinic, seed: int, learn: int, people: int, *, alarming: bool) -> dict[str, float]:
    """Fit to some people, judge by others, of one clinic."""
    model = fitted([course(one.record, one.record["last_day"]) for one in clinics.courses(clinic, learn, seed)])
    seen = clinics.courses(clinic, people, seed + 1000)
    found = figures(list(clinics.cases(clinic, seen, seed)), model)
    return found | (alarms(clinics.courses(clinic, people, seed + 2000), model) if alarming else {})


def as_markdown(columns: Mapping[str, Mapping[str, float]]) -> str:
    """Measures by clinic."""
    names = list(next(iter(columns.values())))
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(f'{column[name]:.2f}' for column in columns.values())} |" for name in names]
    return "\n".join(lines)


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="The table of docs/forecasting.md.")
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--learn", type=int, default=150)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--only", default="")
    parser.add_argument("--set", choices=sorted(clinics.SETS), default="development")
    parser.add_argument("--alarms", action="store_true")
    options = parser.parse_args(words)
    columns = {}
    for name, clinic in clinics.SETS[options.set].items():
        if options.only in name:
            columns[name] = judged(clinic, options.seed, options.learn, options.people, alarming=options.alarms)
            print(name, "done", file=sys.stderr, flush=True)
    print(as_markdown(columns))


if __name__ == "__main__":
    main(sys.argv[1:])
