"""Whom several tables of the same people tell apart when their groups are added and subtracted.

Each table divides the people. What a reader can work out are the sums of groups with any factors: the row space of the
groups. Where the people who share a group of each of two or more tables lie in it, they can be counted, and so can
what is left of each of those groups.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Floats
from apps.outcomes.mathematics.report import Treated

NOTHING: Final = 1e-6


def told_apart(tables: Sequence[Mapping[str, Sequence[Treated]]]) -> list[list[Treated]]:
    """Every such set of people, once each; none is empty. One may be a whole group: its own table need not show all of it."""
    everybody = list({id(person): person for table in tables for rows in table.values() for person in rows}.values())
    place = {id(person): number for number, person in enumerate(everybody)}
    marked = [[_marks(rows, place) for rows in table.values()] for table in tables]
    groups = [group for table in marked for group in table]
    if len(tables) < 2 or not groups:
        return []
    basis = _row_space(np.array(groups))
    found: dict[bytes, Floats] = {}
    for shared, parts in _shared(marked):
        if np.abs(shared - (shared @ basis.T) @ basis).max() < NOTHING:
            found |= {each.tobytes(): each for each in (shared, *(part - shared for part in parts)) if each.any()}
    return [[everybody[at] for at in np.flatnonzero(each)] for each in found.values()]


def _shared(tables: Sequence[Sequence[Floats]]) -> Iterator[tuple[Floats, tuple[Floats, ...]]]:
    """Those who are in a group of each of two or more tables, with these groups."""
    for count in range(2, len(tables) + 1):
        for some in combinations(tables, count):
            for parts in product(*some):
                shared: Floats = np.prod(parts, axis=0)
                if shared.any():
                    yield shared, parts


def _marks(rows: Sequence[Treated], place: Mapping[int, int]) -> Floats:
    marks = np.zeros(len(place))
    marks[[place[id(person)] for person in rows]] = 1
    return marks


def _row_space(groups: Floats) -> Floats:
    _left, sizes, right = np.linalg.svd(groups, full_matrices=False)
    return np.asarray(right[sizes > NOTHING * sizes[0]])
