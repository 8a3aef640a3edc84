"""No figure of fewer than five people is shown, nor one from which it could be had by subtraction."""

from hypothesis import given
from hypothesis import strategies as st

from apps.outcomes.mathematics.disclosure import is_small, shown
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
