"""Answers to forecast cases and the scores of a stream, row by row, by the same model as the product."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar
from zlib import crc32

import numpy as np

from apps.outcomes.mathematics import alarm
from apps.outcomes.mathematics.courses import day_table, plan_table
from apps.outcomes.mathematics.fit import Model
from apps.outcomes.mathematics.forecast import Mixture, ahead, response
from apps.outcomes.mathematics.kalman import Belief
from apps.outcomes.mathematics.paths import FAR, RUN, fade
from apps.outcomes.mathematics.running import last_beliefs
from apps.outcomes.protocol.reading import AHEAD, Case, Stream

SHARES: Final = (0.1, 0.5, 0.9)
CASE_COLUMNS: Final = (
    "case_id",
    *(f"phq{day}_q{round(100 * share)}" for day in AHEAD for share in SHARES),
    "p_response",
    "p_relapse14",
    *(f"ttt_q{round(100 * share)}" for share in SHARES),
)
STREAM_COLUMNS: Final = ("patient_id", "day", "score", "si_alert")
AT_ONCE: Final = 200

Item = TypeVar("Item")
Row = list[str]
Progress = Callable[[int], None]


def answer_cases(cases: Sequence[Case], model: Model, progress: Progress) -> list[Row]:
    """One row a case, in the order of the file."""
    rows: list[Row] = []
    for part in _parts(cases):
        rows += _answer(part, model)
        progress(len(rows))
    return rows


def watch_streams(streams: Sequence[Stream], model: Model, progress: Progress) -> Iterator[Row]:
    """One row for every person and day watched."""
    done = 0
    for part in _parts(streams):
        for stream, scores in zip(part, alarm.scores([each.course for each in part], model), strict=True):
            for day in range(stream.first, stream.course.last_day + 1):
                yield [stream.patient, str(day), f"{scores[day]:.9f}", str(int(day in stream.unsafe))]
        done += len(part)
        progress(done)


def _parts(items: Sequence[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while part := list(islice(remaining, AT_ONCE)):
        yield part


def _answer(cases: list[Case], model: Model) -> list[Row]:
    table = day_table([case.course for case in cases])
    ordered = [cases[number] for number in table.order]
    belief = last_beliefs(table, model.grid, model.noise)
    days = {*AHEAD, *(case.response_in for case in ordered if case.response_in is not None)}
    plan = plan_table([case.course for case in ordered], max(*days, FAR + RUN))
    totals = ahead(belief, model, plan, days)
    quantiles = {day: totals[day].quantiles(SHARES) for day in AHEAD}
    responses = _responses(ordered, totals)
    found: dict[str, Row] = {}
    for row, case in enumerate(ordered):
        cells = [cell for day in AHEAD for cell in _cells(quantiles[day][row], wanted=day in case.totals)]
        cells += [responses.get(case.name, ""), *_fade(case, belief, row, model, plan[row])]
        found[case.name] = [case.name, *cells]
    return [found[case.name] for case in cases]


def _responses(cases: list[Case], totals: dict[int, Mixture]) -> dict[str, str]:
    baselines = np.array([case.course.baseline for case in cases])
    by_day = {day: response(mixture, baselines) for day, mixture in totals.items()}
    return {
        case.name: f"{by_day[case.response_in][row]:.6f}"
        for row, case in enumerate(cases)
        if case.response_in is not None
    }


def _fade(case: Case, belief: Belief, row: int, model: Model, plan: np.ndarray) -> Row:
    if not (case.relapse or case.days):
        return [""] * 4
    seed = crc32(f"{case.patient} {case.course.last_day}".encode())
    found = fade(belief, row, model, plan, case.course.threshold, seed)
    return [f"{found.relapse14:.6f}" if case.relapse else "", *_cells(found.quantiles(SHARES), wanted=case.days)]


def _cells(values: np.ndarray, *, wanted: bool) -> Row:
    return [f"{value:.4f}" if wanted else "" for value in values]
