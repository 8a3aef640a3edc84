"""In which groups of people and forecasts the 80 % band holds less than it says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

from apps.outcomes.mathematics.selftest import ALIKE, NOMINAL, Grade, admitted

FEWEST: Final = 10  # people in a group, to say anything about it
SURE: Final = 2.33  # standard deviations below the nominal share: one in a hundred by chance
MILD: Final = 15  # points before treatment, below; from SEVERE on severe
SEVERE: Final = 20
FEW_SCORES: Final = 4
SERIES: Final = 6
FAR: Final = 28


@dataclass(frozen=True, slots=True)
class Told:
    """What a graded forecast rested on. planned: sessions under its plan."""

    baseline: float
    scores: int
    moods: int
    doses: int
    days_ahead: int
    planned: int


@dataclass(frozen=True, slots=True)
class Group:
    """tested: grades that count (one of a person a week); inside: their share inside the band."""

    name: str
    people: int
    tested: int
    inside: float
    weak: bool


def groups_of(told: Told) -> frozenset[str]:
    """The groups that a forecast belongs to."""
    belongs = {
        "mild": told.baseline < MILD,
        "severe": told.baseline >= SEVERE,
        "few-scores": told.scores < FEW_SCORES,
        "no-moods": told.moods == 0,
        "in-series": told.doses < SERIES,
        "far": told.days_ahead >= FAR,
        "planned": told.planned > 0,
    }
    return frozenset(name for name, member in belongs.items() if member)


def measured(rows: Iterable[tuple[Grade, Told]]) -> list[Group]:
    """The groups with enough people, the weakest first. rows: in the order in which their day came."""
    by_name: dict[str, list[Grade]] = {}
    for grade, told in rows:
        for name in groups_of(told):
            by_name.setdefault(name, []).append(grade)
    found = _enough(by_name)
    return sorted(found, key=lambda group: (group.inside, group.name))


def _enough(by_name: Mapping[str, list[Grade]]) -> list[Group]:
    found = []
    for name, grades in by_name.items():
        taken = admitted(grades)
        people = len({grade.person for grade in taken})
        if people < FEWEST:
            continue
        inside = sum(grade.share for grade in taken) / len(taken)
        counting = len(taken) / (1 + (len(taken) / people - 1) * ALIKE)  # two answers of one person are alike
        weak = inside < NOMINAL - SURE * sqrt(NOMINAL * (1 - NOMINAL) / counting)
        found.append(Group(name, people, len(taken), inside, weak))
    return found
