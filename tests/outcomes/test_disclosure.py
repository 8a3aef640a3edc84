"""No figure of fewer than five people is shown, nor one from which it could be had by subtraction."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.outcomes.mathematics.disclosure import REST, Shown, Strata, is_small, shown, strata, together
from apps.outcomes.mathematics.report import Treated, outcomes

SERIES = (0, 2, 4, 7, 9, 11)


def people(responding: int, staying: int, silent: int) -> list[Treated]:
    answers = [((14, 8.0),)] * responding + [((14, 18.0),)] * staying + [()] * silent
    return [Treated(20, 11, scores, SERIES, ()) for scores in answers]


def test_a_clinic_of_four_shows_nothing() -> None:
    assert shown(outcomes(people(2, 2, 0))).figures == ()


def test_large_cells_are_shown_with_their_interval() -> None:
    found = {each.name: each for each in shown(outcomes(people(8, 6, 5))).figures}
    assert found["response"].share == 8 / 14
    assert found["response_missing_as_nonresponse"].share == 8 / 19
    assert found["response"].interval is not None


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_what_is_shown_never_gives_a_small_count_away(responding: int, staying: int, silent: int) -> None:
    found = shown(outcomes(people(responding, staying, silent)))
    counts = {each.name: each for each in found.figures}
    for each in found.figures:
        if each.yes is not None and each.of is not None:
            assert not is_small(each.yes)
            assert not is_small(each.of - each.yes)
    if is_small(silent):
        assert found.missing is None
        assert all(each.of in (None, found.completed) for each in found.figures)
    if is_small(responding) and counts:
        assert counts["response"].yes is None
        assert all(each.people is None for each in found.lasting)


def groups(sizes: dict[str, tuple[int, int, int]]) -> dict[str, list[Treated]]:
    """Name -> people: how many respond, stay, do not answer."""
    return {name: people(*each) for name, each in sizes.items()}


SIZES = st.dictionaries(st.sampled_from("abcd"), st.tuples(*[st.integers(0, 12)] * 3), min_size=1)


def published(found: Shown, members: set[str], cells: list[tuple[str, int]]) -> list[list[float]]:
    """What one Shown says as sums over the cells (group, kind: 0 responded, 1 stayed, 2 did not answer)."""

    def row(*kinds: int) -> list[float]:
        return [float(group in members and kind in kinds) for group, kind in cells]

    rows = []
    if found.completed is not None:
        rows.append(row(0, 1, 2))
    if found.missing is not None:
        rows.append(row(2))
    for each in found.figures:
        if each.yes is not None and each.name in ("response", "response_missing_as_nonresponse"):
            rows += [row(0), row(0, 1) if each.name == "response" else row(0, 1, 2)]
    if any(each.people is not None for each in found.lasting):
        rows.append(row(0))
    return rows


@settings(max_examples=300)
@given(SIZES)
def test_no_small_count_of_a_group_is_recovered_by_subtracting_tables(sizes: dict[str, tuple[int, int, int]]) -> None:
    found = groups(sizes)
    together_names = {name: {name} for name in together(found)}
    if REST in together_names:
        together_names[REST] = set(sizes) - set(together_names)
    cells = [(name, kind) for name in sizes for kind in range(3)]
    rows = published(shown(outcomes([one for rows in found.values() for one in rows])), set(sizes), cells)
    for name, one in strata(found).groups:
        rows += published(one, together_names[name], cells)
    known = np.array(rows) if rows else np.zeros((1, len(cells)))
    rank = np.linalg.matrix_rank(known)
    for group, members in together_names.items():
        for kind in range(3):
            if is_small(sum(sizes[name][kind] for name in members)):
                wanted = np.array([float(name in members and each == kind) for name, each in cells])
                assert np.linalg.matrix_rank(np.vstack([known, wanted])) > rank, (group, kind)


def test_a_small_group_is_shown_together_with_others_and_never_alone() -> None:
    found = strata(groups({"iv": (8, 6, 5), "im": (1, 1, 0), "oral": (2, 1, 0)})).groups
    assert [name for name, _one in found] == ["iv", REST]
    assert found[1][1].completed == 5


def test_a_figure_is_shown_of_every_group_or_of_none() -> None:
    found = dict(strata(groups({"iv": (8, 6, 5), "im": (2, 9, 6)})).groups)
    for one in found.values():
        assert next(each for each in one.figures if each.name == "response").yes is None
        assert one.missing is not None


def test_a_table_that_differs_from_another_by_a_few_people_is_left_out() -> None:
    iv, others, few = people(8, 6, 5), people(7, 7, 6), people(1, 1, 0)
    by_indication = {"depression": iv, "pain": [*others, *few]}
    assert strata({"iv": iv, "oral": [*others, *few]}, beside=[by_indication]).groups
    assert strata({"iv": [*iv, *few], "oral": others}, beside=[by_indication]).groups == ()


CELLS = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.sampled_from("rst"), st.sampled_from("xy")),
    st.tuples(*[st.integers(0, 9)] * 3),
    min_size=2,
    max_size=8,
)


def side_by_side(cells: dict[tuple[str, ...], list[Treated]]) -> list[tuple[dict[str, set[tuple[str, ...]]], Strata]]:
    """The tables as the page makes them: the cells of each group as it is shown, and what is shown."""
    found: list[tuple[dict[str, set[tuple[str, ...]]], Strata]] = []
    beside: list[dict[str, list[Treated]]] = []
    for axis in range(3):
        table: dict[str, list[Treated]] = {}
        for cell, rows in cells.items():
            table.setdefault(cell[axis], []).extend(rows)
        shown_now = strata(table, beside)
        if shown_now.groups:
            beside.append(table)
            kept = {name: {id(person) for person in rows} for name, rows in together(table).items()}
            members = {n: {c for c, rows in cells.items() if {id(p) for p in rows} <= ids} for n, ids in kept.items()}
            found.append((members, shown_now))
    return found


@settings(max_examples=200, deadline=None)
@given(CELLS)
def test_no_small_count_is_recovered_from_three_tables_of_the_same_people(
    sizes: dict[tuple[str, ...], tuple[int, int, int]],
) -> None:
    cells = {cell: people(*each) for cell, each in sizes.items() if sum(each)}
    columns = [("".join(cell), kind) for cell in cells for kind in range(3)]
    everything = [person for rows in cells.values() for person in rows]
    tables = side_by_side(cells)
    rows = published(shown(outcomes(everything)), {"".join(cell) for cell in cells}, columns)
    for members, table in tables:
        for name, one in table.groups:
            rows += published(one, {"".join(cell) for cell in members[name]}, columns)
    known = np.array(rows) if rows else np.zeros((1, len(columns)))
    rank = np.linalg.matrix_rank(known)
    for (one, _first), (other, _second) in combinations(tables, 2):
        for few in (one[a] & other[b] for a in one for b in other):
            for kinds in ((0, 1, 2), (0,), (1,), (2,)):
                if is_small(sum(sizes[cell][kind] for cell in few for kind in kinds)):
                    names = {"".join(cell) for cell in few}
                    wanted = np.array([float(name in names and kind in kinds) for name, kind in columns])
                    assert np.linalg.matrix_rank(np.vstack([known, wanted])) > rank, (few, kinds)
