"""The same facts as a chart, in rows: for screen readers, for print, for whoever prefers figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from apps.core.charts.figures import Band, Dose, Point
from apps.core.charts.frame import band_of, runs

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. A gap runs from `at` to `until`; `tint` is the number of the band's colour, 0 to 4."""

    kind: Literal["score", "dose", "gap"]
    at: datetime
    value: float | None = None
    band: str = ""
    tint: int | None = None
    label: str = ""
    planned: bool = False
    flagged: bool = False
    until: datetime | None = None


def table(
    points: Sequence[Point],
    doses: Sequence[Dose] = (),
    bands: Sequence[Band] = (),
    *,
    gap_days: float | None = None,
) -> list[Row]:
    """Scores, doses and gaps, newest first. Gaps are listed when `gap_days` says how long one must be."""
    ordered = sorted(bands, key=lambda band: band.start)
    rows = [_score(point, ordered) for point in points]
    rows += [Row("dose", dose.at, label=dose.label, planned=dose.planned) for dose in doses]
    if gap_days is not None:
        groups = runs(points, lambda point: point.at.timestamp(), gap_days * DAY)
        rows += [Row("gap", a[-1].at, until=b[0].at) for a, b in pairwise(groups)]
    return sorted(rows, key=_age, reverse=True)


def _age(row: Row) -> tuple[float, int]:
    """At the same moment the gap comes above the answer it follows."""
    return row.at.timestamp(), {"score": 0, "dose": 1, "gap": 2}[row.kind]


def _score(point: Point, bands: Sequence[Band]) -> Row:
    index = band_of(bands, point.value)
    if index is None:
        return Row("score", point.at, point.value, flagged=point.flagged)
    tint = min(index * 4 // max(len(bands) - 1, 1), 4)
    return Row("score", point.at, point.value, bands[index].name, tint, flagged=point.flagged)
