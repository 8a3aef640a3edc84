"""How wide the bands must be: judged on people whose own course took no part in the grid's weights."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Course, Floats, day_table, plan_table
from apps.outcomes.mathematics.fit import Model, fit, grid_weights, prior_weights
from apps.outcomes.mathematics.forecast import Mixture, ahead, stacked
from apps.outcomes.mathematics.kalman import Noise
from apps.outcomes.mathematics.recalibrating import recalibrated
from apps.outcomes.mathematics.running import last_beliefs

FOLDS: Final = 5
CUTS: Final = 2  # days of each course to forecast from
HORIZON: Final = 30
NOMINAL: Final = 0.8
NARROWEST, WIDEST = 0.9, 1.4
ENOUGH: Final = 60  # answers, to judge a band by


def learn(courses: Sequence[Course], *, start: Noise | None = None, prior: Floats | None = None) -> Model:
    """Fit a model, then widen its bands and correct its relapses by what came of people left out."""
    return recalibrated(widened(fit(courses, start=start, prior=prior), courses, prior), courses, prior)


def widened(model: Model, courses: Sequence[Course], prior: Floats | None = None) -> Model:
    """The same model with bands that held 80 % of the later answers of people left out of its weights."""
    rng = np.random.default_rng(len(courses))
    before = prior_weights(model.grid) if prior is None else prior
    found, answers = [], []
    for fold in range(min(FOLDS, len(courses))):
        inside = [course for number, course in enumerate(courses) if number % FOLDS != fold] or list(courses)
        log = last_beliefs(day_table(inside), model.grid, model.noise).log
        other = replace(model, weights=grid_weights(log, before), widening=1.0)
        cut = [each for course in courses[fold::FOLDS] for each in _cuts(course, rng)]
        mixtures, totals = _later(cut, other)
        found += mixtures
        answers += totals
    if len(answers) < ENOUGH:
        return model
    return replace(model, widening=_needed(stacked(found), np.array(answers)))


def held_out_loss(model: Model, courses: Sequence[Course]) -> float:
    """Mean pinball loss (10, 50, 90 %) of later answers of people whom the model has not seen, in points."""
    rng = np.random.default_rng(len(courses))
    mixtures, answers = _later([each for course in courses for each in _cuts(course, rng)], model)
    if not answers:
        return float("inf")
    together, truth = stacked(mixtures), np.array(answers)
    losses = []
    for share in (0.1, 0.5, 0.9):
        gap = truth - together.quantile(share)
        losses.append(np.maximum(share * gap, (share - 1) * gap).mean())
    return float(np.mean(losses))


def _cuts(course: Course, rng: np.random.Generator) -> list[tuple[Course, dict[int, float]]]:
    """Courses as they were known on a day, with what was given later as the plan, and the answers that then came."""
    if course.last_day < 14:
        return []
    days = sorted({int(day) for day in rng.integers(7, course.last_day - 6, CUTS)})
    return [
        (
            replace(
                course,
                last_day=day,
                doses={at: dose for at, dose in course.doses.items() if at < day},
                plan={at: dose for at, dose in course.doses.items() if at >= day},
            ),
            {at - day: total for at, total in course.scores.items() if day < at <= day + HORIZON},
        )
        for day in days
    ]


def _later(cut: Sequence[tuple[Course, dict[int, float]]], model: Model) -> tuple[list[Mixture], list[float]]:
    if not cut:
        return [], []
    table = day_table([course for course, _answers in cut])
    ordered = [cut[number] for number in table.order]
    plan = plan_table([course for course, _answers in ordered], HORIZON)
    days = set(range(1, HORIZON + 1))
    future = ahead(last_beliefs(table, model.grid, model.noise), model, plan, days)
    found, totals = [], []
    for row, (_course, answers) in enumerate(ordered):
        for day, total in list(answers.items())[-3:]:
            found.append(future[day].row(row))
            totals.append(total)
    return found, totals


def _needed(future: Mixture, answers: Floats) -> float:
    """The factor at which the share of the answers inside is as it should be; by bisection."""
    low, high = NARROWEST, WIDEST
    for _half in range(6):
        middle = (low + high) / 2
        wider = future.widened(middle)
        least, most = wider.quantile((1 - NOMINAL) / 2), wider.quantile((1 + NOMINAL) / 2)
        inside = np.clip(np.minimum(most, answers + 0.5) - np.maximum(least, answers - 0.5), 0, 1)
        low, high = (middle, high) if inside.mean() < NOMINAL else (low, middle)
    return (low + high) / 2
