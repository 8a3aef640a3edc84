"""PCL-5: codes and scoring (Weathers 2013, VA National Center for PTSD; clinical.md 1.2). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from apps.monitoring.instruments.definition import LOINC_SYSTEM, Definition, coded_items
from apps.monitoring.instruments.result import Score, Sheet, reaches, scored

PCL5 = Definition(
    key="pcl-5",
    version="1",
    title="PCL-5",
    items=coded_items(20, 0, 4),
    licence="US government document, not copyrighted; unaltered wording only.",
    attribution="Weathers et al. 2013, VA National Center for PTSD",
    source_url="https://www.ptsd.va.gov/",
    recall="1 month",
    system=LOINC_SYSTEM,
    code="101697-1",
    total_code="101698-9",
    max_total=80,
)
PCL5_CUT = 33
_SYMPTOM = 2


def _items(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"q{number}" for number in range(first, last + 1))


#: DSM-5 clusters, and how many symptoms (>= 2) each needs.
PCL5_CLUSTERS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "B": (_items(1, 5), 1),
    "C": (_items(6, 7), 1),
    "D": (_items(8, 14), 2),
    "E": (_items(15, 20), 2),
}


def score_pcl5(sheet: Sheet) -> Score:
    """Sum 0-80; a cluster's sum stands only when the cluster is complete, the diagnosis only when all is."""
    total = sheet.complete_sum()
    sums = {name: sheet.complete_sum(items) for name, (items, _) in PCL5_CLUSTERS.items()}
    return scored(
        sheet,
        total=total,
        positive=reaches(total, PCL5_CUT),
        detail={
            **sums,
            "provisional_dsm5": None if total is None else _meets_every_cluster(sheet),
            "above_cut33": reaches(total, PCL5_CUT),
        },
    )


def _meets_every_cluster(sheet: Sheet) -> bool:
    return all(_symptoms(sheet, items) >= needed for items, needed in PCL5_CLUSTERS.values())


def _symptoms(sheet: Sheet, items: tuple[str, ...]) -> int:
    return sum(number is not None and number >= _SYMPTOM for number in sheet.numbers(items))
