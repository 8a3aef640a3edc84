"""Nobody leaves with a piece missing: the evidence decides, in whatever order it came."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given as each
from hypothesis import strategies as st

from apps.alerts.models import Alert
from apps.sessions import actions
from apps.sessions.actions import TreatmentRefused
from apps.sessions.dose_limits import Route
from apps.sessions.models import DosingSession
from apps.sessions.treatment.facts import Fact, Given, close_out
from tests.cast import Cast
from tests.treatment.scene import NASAL, PIN, dosed, fresh, later, noted, tap, well

START = datetime(2026, 11, 25, 9, tzinfo=UTC)
NOW = START + timedelta(minutes=180)
SPRAY = Given(Route.INTRANASAL_ESKETAMINE, START, START + timedelta(minutes=10))
DRIP = Given(Route.IV, START, START + timedelta(minutes=40))


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def whole() -> list[Fact]:
    """Everything that a discharge from either needs."""
    return [
        Fact("vitals", at(-10), 1, sbp=124, dbp=78, spo2=98),
        Fact("cadss", at(-5), 2, score=1),
        Fact("vitals", at(50), 3, sbp=140, dbp=88, spo2=97),
        Fact("effect", at(20), 4, term="Dissociation", grade=2),
        Fact("effect-gone", at(80), 5, term="Dissociation"),
        Fact("vitals", at(170), 6, sbp=126, dbp=80, spo2=97),
        Fact("moaas", at(171), 7, score=5),
        Fact("cadss", at(172), 8, score=1),
        Fact("aldrete", at(173), 9, score=10),
        Fact("escort", at(174), 10),
    ]


# Leaving one of these out leaves something missing.
NEEDED = {
    SPRAY: {
        "bp_not_settled": 0,
        "no_bp_at_40min": 2,
        "dissociation": 7,
        "sedated": 6,
        "no_escort": 9,
        "no_bp_at_end": 5,
    },
    DRIP: {"bp_not_settled": 0, "dissociation": 7, "sedated": 6, "recovery_score_under_9": 8, "no_escort": 9},
}
CASES = [(given, code, index) for given, pieces in NEEDED.items() for code, index in pieces.items()]


@each(st.permutations(whole()), st.sampled_from([SPRAY, DRIP]))
def test_with_every_piece_the_person_may_go_in_whatever_order_it_was_written(facts: list[Fact], given: Given) -> None:
    assert close_out(given, facts, NOW).blockers == ()


@each(st.permutations(range(10)), st.sampled_from(CASES), st.sets(st.integers(0, 9)))
def test_with_a_piece_missing_nobody_may_go(order: list[int], case: Any, also: set[int]) -> None:
    given, code, gone = case
    alone = [whole()[index] for index in order if index != gone]
    assert code in close_out(given, alone, NOW).blockers
    assert close_out(given, [fact for fact in alone if whole().index(fact) not in also], NOW).blockers


@each(st.permutations(whole()), st.integers(1, 10), st.sampled_from([SPRAY, DRIP]))
def test_a_piece_taken_back_is_missing_again(facts: list[Fact], name: int, given: Given) -> None:
    taken = [*facts, Fact("void", at(176), 99, corrects=name)]
    without = [fact for fact in facts if fact.name != name]
    assert close_out(given, taken, NOW).blockers == close_out(given, without, NOW).blockers


@each(st.integers(-60, 400), st.sampled_from([SPRAY, DRIP]))
def test_before_its_time_nobody_may_go(minutes: int, given: Given) -> None:
    assert given.ended_at
    needed = 120 if given is SPRAY else 60
    moment = given.ended_at + timedelta(minutes=minutes)
    facts = [replace(fact, at=moment) if fact.at > at(100) else fact for fact in whole()]
    early = minutes < needed
    assert any(code.startswith("under_") for code in close_out(given, facts, moment).blockers) == early


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Fact("vitals", at(175), 20, sbp=160, dbp=80, spo2=97), "bp_not_settled"),
        (Fact("vitals", at(175), 20, spo2=93), "spo2"),
        (Fact("moaas", at(175), 20, score=4), "sedated"),
        (Fact("cadss", at(175), 20, score=2), "dissociation"),
        (Fact("effect", at(175), 20, term="Dissociation"), "dissociation"),
        (Fact("effect", at(175), 20, term="Chest pain", grade=3), "effect_not_resolved"),
    ],
)
def test_what_is_newer_counts(change: Fact, code: str) -> None:
    assert close_out(SPRAY, [*whole(), change], NOW).blockers == (code,)


def test_an_infusion_that_still_runs_lets_nobody_go() -> None:
    found = close_out(replace(DRIP, ended_at=None), whole(), NOW).blockers
    assert {"under_60min_since_end", "sedated", "no_bp_at_end", "dissociation"} <= set(found)


def _leave(cast: Cast, session: DosingSession, **more: Any) -> DosingSession:
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        return actions.discharge(session=session, actor=nurse, **more)


@pytest.mark.django_db
def test_discharge_is_refused_with_the_list_and_then_allowed(cast: Cast) -> None:
    session = dosed(cast, "esketamine-trd", NASAL)
    later(5)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.give_device(session=session, actor=nurse)
    later(40)
    noted(cast, session, *well())
    with pytest.raises(TreatmentRefused) as caught:
        _leave(cast, session)
    assert caught.value.missing == ("under_2h_since_last_device", "no_escort")
    later(85)
    noted(cast, session, *well(), tap("escort", text="Elena Ruiz"))
    done = _leave(cast, session)
    assert (done.status, done.outcome, done.next_check_at) == ("finished", "discharged", None)
    with pytest.raises(TreatmentRefused, match="over"):
        _leave(cast, session)


@pytest.mark.django_db
def test_two_people_override_only_where_an_override_exists(cast: Cast) -> None:
    session = dosed(cast)
    assert cast.prescriber.membership
    second = {"second_id": cast.prescriber.membership.pk, "pin": PIN}
    later(40)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.end_dose(session=session, actor=nurse)
    later(61)
    noted(cast, session, *well()[:2], tap("aldrete", score=10), tap("escort", text="Elena Ruiz"))
    with pytest.raises(TreatmentRefused) as caught:
        _leave(cast, session, reason="she feels well", **second)
    assert (caught.value.code, caught.value.missing) == ("no-override", ("dissociation",))
    noted(cast, session, tap("cadss", score=0), tap("vitals", sbp=150, dbp=78, spo2=97))
    for more, code in [({}, "missing"), ({"reason": "as at home"}, "missing"), (second, "reason")]:
        with pytest.raises(TreatmentRefused) as caught:
            _leave(cast, session, **more)
        assert (caught.value.code, fresh(cast, session).status) == (code, "in-progress")
    done = _leave(cast, session, reason="150 is her usual", **second)
    assert (done.outcome, done.outcome_missing) == ("overridden", ["bp_not_settled"])


@pytest.mark.django_db
def test_leaving_against_advice_is_written_down_and_somebody_is_told(cast: Cast) -> None:
    session = dosed(cast)
    later(20)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        done = actions.leave_against_advice(session=session, reason="walked out", actor=nurse)
        alert = Alert.objects.get(cause="left-against-advice")
    assert (done.outcome, alert.level) == ("against-advice", "P2")
    assert "sedated" in done.outcome_missing
