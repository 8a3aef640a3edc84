"""The engine, in its own role: steps on time, exactly once, whatever else happens."""

import pytest

from apps.alerts.actions import acknowledge
from apps.alerts.models import AlertState
from tests.alerts.scene import a_raise, fresh, later, names, run_engine, steps
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def test_nobody_takes_it_so_the_page_repeats_and_then_climbs(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    assert run_engine() == 0
    for _ in range(6):
        later(minutes=5, seconds=1)
        assert run_engine() == 1
    assert [step.rung for step in steps(alert)] == [0, 0, 0, 1, 1, 1, 2]
    assert [step.step_no for step in steps(alert)] == list(range(7))
    assert names(steps(alert)[3]) == ["Dr Ngozi Okafor"]
    assert names(steps(alert)[6]) == ["Dr Ngozi Okafor", "Jonas Lindqvist", "Rosa Osei"]


def test_the_owner_who_goes_quiet_is_paged_first(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.therapist):
        acknowledge(alert=alert, actor=cast.therapist)
    later(minutes=15, seconds=1)
    assert run_engine() == 1
    assert fresh(alert).state == AlertState.OPEN
    assert names(steps(alert)[-1]) == ["Jonas Lindqvist"]
    later(minutes=5, seconds=1)
    assert run_engine() == 1
    assert names(steps(alert)[-1]) == ["Rosa Osei"]
