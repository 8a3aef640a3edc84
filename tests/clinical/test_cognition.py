"""The reaction and memory task, pure: a task is itself again, and only what was really done counts."""

from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.treatment.cognition import (
    POOL,
    SHOWN,
    TRIES,
    below_beginning,
    score,
    slower_percent,
    task_of,
)

seeds = st.integers(0, 2**48 - 1)
LIMITS = {"slower_limit": 30, "memory_limit": 3}


@given(seeds)
def test_the_same_seed_is_the_same_task_and_every_shown_word_is_among_the_choices_once(seed: int) -> None:
    task = task_of(seed)
    assert task == task_of(seed)
    assert set(task.shown) <= set(task.among) <= set(range(POOL))
    assert (len(task.shown), len(set(task.among))) == (SHOWN, 2 * SHOWN)


@given(seeds, st.lists(st.integers(0, 9000), max_size=20), st.integers(0, 20), st.sets(st.integers(-3, POOL + 3)))
def test_whatever_is_sent_a_score_is_within_its_bounds(
    seed: int, reactions: list[int], early: int, picks: set[int]
) -> None:
    found = score(task_of(seed), reactions, early, picks)
    assert 0 <= found.recalled <= SHOWN
    assert 0 <= found.wrong <= SHOWN
    assert 0 <= found.memory <= SHOWN
    assert len(found.reactions) <= TRIES
    assert found.median_ms == 0 or 100 <= found.median_ms <= 2000
    if early > 4 or len(found.reactions) < 6:
        assert not found.usable


def test_ticking_every_word_is_worth_nothing() -> None:
    task = task_of(7)
    assert score(task, [300] * 8, 0, task.among).memory == 0
    assert score(task, [300] * 8, 0, task.shown).memory == SHOWN


def test_it_is_compared_with_the_own_beginning_alone() -> None:
    assert slower_percent(390, []) is None
    assert slower_percent(390, [300]) is None
    assert slower_percent(390, [290, 310, 900]) == 30
    assert not below_beginning(None, 8, [], **LIMITS)
    assert not below_beginning(29, 5, [7, 8], **LIMITS)
    assert below_beginning(30, 8, [7, 8], **LIMITS)
    assert below_beginning(0, 4, [7, 7], **LIMITS)
