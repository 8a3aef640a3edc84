"""How the result of an instrument is read on an axis: its top, its bands or cut-off, and change on it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.monitoring.instruments import anxiety, depression, substances, symptoms, trauma, wellbeing
from apps.monitoring.instruments.change import DEFAULT_LIMITS, MEASURES, Change, ChangeLimits, Number, change
from apps.monitoring.instruments.library import LIBRARY

#: key -> (inclusive upper edge, name) from low to high; clinical.md 1.2.
BANDS: dict[str, Sequence[tuple[int, str]]] = {
    "phq-9": depression.PHQ9_BANDS,
    "qids-sr16": depression.QIDS_BANDS,
    "madrs": depression.MADRS_BANDS,
    "gad-7": anxiety.GAD7_BANDS,
    "isi": symptoms.ISI_BANDS,
    "dast-10": substances.DAST_BANDS,
}
#: key -> where the screen turns: (first value of the upper part, name below, name from there on).
CUTS: dict[str, tuple[int, str, str]] = {
    "phq-2": (depression.PHQ2_CUT, "negative", "positive"),
    "pcl-5": (trauma.PCL5_CUT, "negative", "positive"),
    "asrm": (wellbeing.ASRM_CUT, "negative", "positive"),
    "oci-r": (symptoms.OCI_R_CUT, "negative", "positive"),
    "who-5": (wellbeing.WHO5_LOW_PERCENT + 1, "low", "fair"),
}


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis. top: highest possible; bands: (start, code) from low to high, none where no source gives any."""

    key: str
    title: str
    top: int
    bands: tuple[tuple[int, str], ...]
    higher_is_better: bool = False

    def band_of(self, value: float) -> str:
        """Code of the band in which a value lies, "" without bands."""
        return next((code for start, code in reversed(self.bands) if value >= start), "")


def scale_of(key: str) -> Scale | None:
    """The axis of an instrument; None for one without a total (C-SSRS, misuse, check-in)."""
    definition = LIBRARY[key]
    measure = MEASURES.get(key)
    top = measure.highest if measure else definition.max_total
    if top is None:
        return None
    return Scale(key, definition.title, top, _bands(key), bool(measure and measure.higher_is_better))


def measured(key: str, total: Number) -> Decimal:
    """The total on its axis: WHO-5 as percent (raw x 4), all others as they are."""
    exact = Decimal(str(total))
    return exact * 4 if key == "who-5" else exact


def change_of(
    key: str, baseline: Number | None, current: Number | None, *, limits: ChangeLimits = DEFAULT_LIMITS
) -> Change | None:
    """Change between two stored totals; None for an instrument without a definition of change."""
    if key not in limits.measures:
        return None
    before = None if baseline is None else measured(key, baseline)
    after = None if current is None else measured(key, current)
    return change(key, before, after, limits=limits)


def _bands(key: str) -> tuple[tuple[int, str], ...]:
    if key in BANDS:
        edges = BANDS[key]
        starts = [0, *(upper + 1 for upper, _name in edges[:-1])]
        return tuple((start, name) for start, (_upper, name) in zip(starts, edges, strict=True))
    if key in CUTS:
        cut, below, above = CUTS[key]
        return ((0, below), (cut, above))
    return ()
