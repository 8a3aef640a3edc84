"""The ladder as arithmetic: for every policy and every moment, somebody is paged again soon, for ever."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import ladder
from apps.alerts.ladder import Policy, Reason, Standing
from apps.alerts.levels import TIME_LIMITS, Level

START = datetime(2026, 11, 25, 8, 41, tzinfo=UTC)
P1: dict[str, Any] = {
    "level": "P1",
    "rungs": ["on-call", "director", "licensed"],
    "acknowledge_minutes": 15,
    "contact_minutes": 60,
    "repeat_minutes": 5,
    "lease_minutes": 15,
}
P3 = P1 | {
    "level": "P3",
    "rungs": ["coordinator", "treating"],
    "acknowledge_minutes": 1440,
    "contact_minutes": 1440,
    "repeat_minutes": 1440,
    "lease_minutes": 1440,
}


def raised(policy: Policy, contact: timedelta | None = None) -> Standing:
    blank = Standing("open", 0, 0, 0, START, START + (contact or policy.contact))
    return ladder.begin(policy, blank, START)


def minutes(n: float) -> datetime:
    return START + timedelta(minutes=n)


def live_through(policy: Policy, standing: Standing, hours: float) -> list[tuple[float, Reason, int, int]]:
    """Every page of the next hours if nobody answers: minute, reason, cycle, rung."""
    pages = []
    while (due := ladder.next_step_at(policy, standing)) is not None and due <= START + timedelta(hours=hours):
        move = ladder.decide(policy, standing, due)
        assert move is not None, "what is due is decided"
        pages.append(((due - START).total_seconds() / 60, move.reason, move.after.cycle, move.after.rung))
        standing = ladder.paged(move.after, due)
    return pages


def test_a_p1_is_paged_at_once_every_five_minutes_and_by_the_next_after_fifteen() -> None:
    pages = live_through(ladder.policy_from(P1), raised(ladder.policy_from(P1)), hours=0.8)
    assert [(at, rung) for at, _, _, rung in pages] == [
        (0, 0), (5, 0), (10, 0), (15, 1), (20, 1), (25, 1), (30, 2), (35, 2), (40, 2), (45, 0),
    ]  # fmt: skip
    assert pages[-1][2] == 1, "after the last rung the ladder begins again"


def test_the_contact_limit_pages_the_next_rung_under_a_lease() -> None:
    policy = ladder.policy_from(P1)
    held = ladder.lease(policy, ladder.paged(raised(policy), START), minutes(50))
    assert ladder.next_step_at(policy, held) == minutes(60)
    move = ladder.decide(policy, held, minutes(60))
    assert move is not None
    assert (move.reason, move.after.rung, move.after.state) == (Reason.CONTACT_OVERDUE, 1, "acked")
    assert ladder.next_step_at(policy, move.after) == minutes(65), "then the lease counts again"


def test_a_lease_that_ends_opens_the_alert_and_pages_its_owner() -> None:
    policy = ladder.policy_from(P1)
    held = ladder.lease(policy, ladder.paged(raised(policy), START), minutes(2))
    assert ladder.decide(policy, held, minutes(16)) is None
    move = ladder.decide(policy, held, minutes(17))
    assert move is not None
    assert move.to_owner
    assert move.after.state == "open"
    assert move.after.rung == held.rung


@pytest.mark.parametrize("state", ["contacted", "resolved"])
def test_a_contacted_or_closed_alert_has_no_step(state: str) -> None:
    policy = ladder.policy_from(P1)
    still = Standing(state, 0, 3, 1, START, minutes(60))
    assert ladder.next_step_at(policy, still) is None
    assert ladder.decide(policy, still, minutes(10_000)) is None


def test_a_task_pages_nobody_when_raised_and_tells_the_next_when_overdue() -> None:
    policy = ladder.policy_from(P3)
    pages = live_through(policy, raised(policy), hours=49)
    assert pages == [(1440, Reason.CONTACT_OVERDUE, 0, 1), (2880, Reason.NEXT_RUNG, 1, 0)]


def test_a_task_due_this_evening_is_overdue_this_evening() -> None:
    policy = ladder.policy_from(P3)
    assert ladder.next_step_at(policy, raised(policy, timedelta(hours=3))) == minutes(180)


def test_a_ladder_without_rungs_still_comes_round() -> None:
    policy = ladder.policy_from(P1 | {"rungs": []})
    assert [at for at, *_ in live_through(policy, raised(policy), hours=0.3)] == [0, 5, 10, 15]


@pytest.mark.parametrize(
    "damage",
    [
        {"rungs": "on-call"},
        {"rungs": [1]},
        {"rungs": None},
        {"level": "P4"},
        {"repeat_minutes": 0},
        {"repeat_minutes": -5},
        {"lease_minutes": True},
        {"contact_minutes": float("inf")},
        {"acknowledge_minutes": "15"},
    ],
)
def test_a_damaged_snapshot_is_refused_and_not_taken_for_an_empty_ladder(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ladder.policy_from(P1 | damage)


def test_delays_are_scaled_by_the_caller() -> None:
    fast = ladder.policy_from(P1, lambda delay: delay / 60)
    assert (fast.acknowledge, fast.repeat) == (timedelta(seconds=15), timedelta(seconds=5))


def test_the_rungs_ahead_are_known_with_their_times() -> None:
    policy = ladder.policy_from(P1)
    standing = ladder.paged(raised(policy), START)
    assert ladder.rung_times(policy, standing) == [(1, minutes(15)), (2, minutes(30))]


policies = st.builds(
    lambda level, rungs, ack, contact, repeat, lease: ladder.policy_from(
        {
            "level": level,
            "rungs": [f"rung-{n}" for n in range(rungs)],
            "acknowledge_minutes": ack,
            "contact_minutes": contact,
            "repeat_minutes": repeat,
            "lease_minutes": lease,
        }
    ),
    st.sampled_from(["P1", "P2"]),
    st.integers(0, 5),
    st.integers(1, 240),
    st.integers(5, 720),
    st.integers(1, 5),
    st.integers(5, 240),
)


@given(policies)
def test_while_nobody_answers_the_silence_is_never_longer_than_a_repeat(policy: Policy) -> None:
    times = [0.0] + [at for at, *_ in live_through(policy, raised(policy), hours=8)]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps
    assert max(gaps) <= policy.repeat.total_seconds() / 60


@given(policies)
def test_every_rung_is_reached_in_order_and_none_outlasts_its_limit(policy: Policy) -> None:
    hours = (len(policy.rungs) + 1) * policy.acknowledge.total_seconds() / 3600 + 0.1
    pages = live_through(policy, raised(policy, timedelta(days=30)), hours)
    seen = list(dict.fromkeys((cycle, rung) for _, _, cycle, rung in pages))
    expected = [divmod(place, max(len(policy.rungs), 1)) for place in range(len(seen))]
    assert seen == expected
    assert len(seen) >= max(len(policy.rungs), 1)
    for place in seen:
        stay = [at for at, _, cycle, rung in pages if (cycle, rung) == place]
        assert stay[-1] - stay[0] < policy.acknowledge.total_seconds() / 60


@given(policies, st.integers(0, 10_000))
def test_numbers_of_pages_only_grow(policy: Policy, after: int) -> None:
    standing = raised(policy)
    move = ladder.decide(policy, standing, START + timedelta(minutes=after))
    assert move is not None
    assert ladder.paged(move.after, START).step_no == standing.step_no + 1
    assert (move.after.cycle, move.after.rung) >= (standing.cycle, standing.rung)


@given(policies, st.integers(0, 10_000), st.integers(0, 10_000))
def test_nothing_is_decided_before_its_time(policy: Policy, taken: int, looked: int) -> None:
    held = ladder.lease(policy, ladder.paged(raised(policy), START), minutes(taken))
    due = ladder.next_step_at(policy, held)
    assert due is not None
    assert (ladder.decide(policy, held, minutes(looked)) is not None) == (due <= minutes(looked))


@pytest.mark.parametrize("level", [Level.P1, Level.P2])
def test_the_defaults_are_those_of_the_clinical_reference(level: Level) -> None:
    from apps.accounts.catalogue import CATALOGUE

    limits = TIME_LIMITS[level]
    prefix = level.value.lower()
    assert CATALOGUE[f"{prefix}_acknowledge_minutes"].default == limits.acknowledge_minutes
    assert CATALOGUE[f"{prefix}_contact_minutes"].default == limits.contact_minutes
