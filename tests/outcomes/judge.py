"""How good forecasts are, by the measures of docs/forecasting.md, beside what simple rules would have said."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
SHARES = (0.1, 0.5, 0.9)


def pinball(truth: ArrayLike, quantiles: ArrayLike) -> float:
    """Mean pinball loss. truth: (n,), quantiles: (n, 3)."""
    gap = np.asarray(truth, float)[:, None] - np.asarray(quantiles, float)
    share = np.array(SHARES)
    return float(np.mean(np.maximum(share * gap, (share - 1) * gap)))


def coverage(truth: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Mean share of the answer's rounding cell (half a point each side; open at 0 and 27) inside the band."""
    t, least, most = (np.asarray(each, float) for each in (truth, low, high))
    inside = np.minimum(most, t + 0.5) - np.maximum(least, t - 0.5)
    return float(np.mean(np.clip(inside, 0, 1)))


def auc(score: ArrayLike, yes: ArrayLike) -> float:
    """Probability that a yes scores higher than a no; ties half."""
    s, y = np.asarray(score, float), np.asarray(yes, bool)
    a, b = s[y][:, None], s[~y][None, :]
    return float(np.mean((a > b) + 0.5 * (a == b)))


def brier(probability: ArrayLike, yes: ArrayLike) -> float:
    """Mean squared error of a probability."""
    return float(np.mean((np.asarray(probability, float) - np.asarray(yes, float)) ** 2))


def calibration_error(probability: ArrayLike, yes: ArrayLike, bins: int = 8) -> float:
    """Weighted gap between what was said and what came, in bins of equal number."""
    p, y = np.asarray(probability, float), np.asarray(yes, float)
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return float(sum(len(part) * abs(p[part].mean() - y[part].mean()) for part in parts if len(part)) / len(p))


def c_index(said: ArrayLike, days: ArrayLike, cap: int = 60) -> float:
    """Share of comparable pairs in the right order; a capped time is later than any other, two capped do not compare."""
    s, d = np.asarray(said, float), np.asarray(days, float)
    earlier = (d[:, None] < d[None, :]) & (d[:, None] < cap)
    right = (s[:, None] < s[None, :]) + 0.5 * (s[:, None] == s[None, :])
    return float(np.sum(right[earlier]) / np.sum(earlier))


def onsets(truth: Sequence[float], threshold: float) -> list[int]:
    """First days of five in a row at or above the threshold after seven below it."""
    over = np.asarray(truth) >= threshold
    return [day for day in range(7, len(over) - 4) if over[day : day + 5].all() and not over[day - 7 : day].any()]


Watched = tuple[Floats, Sequence[float], float, int]  # scores from the first day watched, truth, threshold, first day


def sensitivity(watched: Sequence[Watched], rate: float) -> tuple[float, float]:
    """Share of onsets found in -14..+7 at so many false alarms per 100 quiet days, and found at or before the onset.

    The threshold of the alarm is the lowest that keeps the rate.
    """
    candidates = np.quantile(np.concatenate([each[0] for each in watched]), np.linspace(0, 1, 120))
    for cut in np.unique(candidates):
        false, quiet, windows, early, total = 0, 0, 0, 0, 0
        for scores, truth, threshold, first in watched:
            counted = _one(scores, truth, threshold, first, float(cut))
            false, quiet, windows, early, total = (
                a + b for a, b in zip((false, quiet, windows, early, total), counted, strict=True)
            )
        if false <= rate / 100 * quiet:
            return windows / max(total, 1), early / max(total, 1)
    return 0.0, 0.0


def _one(scores: Floats, truth: Sequence[float], threshold: float, first: int, cut: float) -> tuple[int, ...]:
    starts = [day for day in onsets(truth, threshold) if day >= first]
    days = np.arange(first, first + len(scores))
    near = np.zeros(len(days), bool)
    for start in starts:
        near |= (days >= start - 14) & (days <= start + 7)
    still = (np.asarray(truth)[days] < threshold) & ~near
    over = np.flatnonzero(scores > cut)
    alarms, free = [], -1
    for at in over:
        if days[at] > free:
            alarms.append(int(at))
            free = int(days[at]) + 7
    false = sum(bool(still[at]) for at in alarms)
    found = [[int(days[at]) for at in over if start - 14 <= days[at] <= start + 7] for start in starts]
    return (
        false,
        int(still.sum()),
        sum(bool(each) for each in found),
        sum(bool(each) and each[0] <= start for each, start in zip(found, starts, strict=True)),
        len(starts),
    )
