"""The person's own check before a session: what it says holds the dose and is told; a later one takes its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.sessions.evidence import gate_of
from apps.sessions.treatment.pre_visit import Told, cautions, holds
from tests.cast import Cast
from tests.treatment.scene import later, ready

FINE = Told(ride=True, fasting=True, medicines_as_told=True, something_new=False, wants_to_talk=False, feeling=7)
FORM = {
    "when": "morning",
    "ride": "yes",
    "ride_name": "Elena",
    "fasting": "yes",
    "medicines_as_told": "yes",
    "something_new": "no",
    "feeling": "7",
    "wants_to_talk": "no",
}


@given(st.builds(Told, feeling=st.integers(0, 10), sbp=st.integers(80, 220), dbp=st.integers(40, 130)))
def test_only_a_check_without_anything_says_nothing(told: Told) -> None:
    quiet = told.ride and told.fasting and told.medicines_as_told
    fine = not (told.something_new or told.wants_to_talk) and told.feeling > 2
    low = (told.sbp or 0) <= 140 and (told.dbp or 0) <= 90
    assert (not cautions(told)) is quiet
    assert (not holds(told)) is (fine and low)


def test_140_over_90_itself_passes() -> None:
    assert holds(FINE) == holds(
        Told(**{name: getattr(FINE, name) for name in Told.__slots__} | {"sbp": 140, "dbp": 90})
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "code", "level"),
    [
        ({"something_new": "yes", "new_text": "a cold"}, "pre_visit_something_new", "P2"),
        ({"sbp": "151", "dbp": "88"}, "pre_visit_pressure", "P2"),
        ({"wants_to_talk": "yes"}, "pre_visit_talk_first", "P2"),
        ({"ride": "no"}, "pre_visit_no_ride", "P3"),
    ],
)
def test_what_is_told_reaches_the_gate_and_the_team(cast: Cast, told: dict[str, Any], code: str, level: str) -> None:
    session = ready(cast)
    maria = cast.client(cast.patient_user)
    assert maria.post("/session-day/check/", FORM | told).status_code == 200
    with cast.acting(cast.nurse):
        item = {item.code: item for item in gate_of(session, clock.now()).items}[code]
        assert item.blocks is (level == "P2")
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get(cause="pre-visit").level == level
    maria.post("/session-day/check/", FORM)
    with cast.acting(cast.nurse):
        assert code not in {item.code for item in gate_of(session, clock.now()).items}


@pytest.mark.django_db
def test_a_check_is_forgotten_after_a_day_and_a_half_and_a_wrong_one_is_refused(cast: Cast) -> None:
    session = ready(cast)
    maria = cast.client(cast.patient_user)
    for wrong in (
        {"feeling": "11"},
        {"sbp": "120"},
        {"sbp": "80", "dbp": "120"},
        {"something_new": "yes"},
        {"ride": ""},
    ):
        assert maria.post("/session-day/check/", FORM | wrong).status_code == 422
    maria.post("/session-day/check/", FORM | {"wants_to_talk": "yes"})
    later(60 * 37)
    with cast.acting(cast.nurse):
        assert "pre_visit_talk_first" not in {item.code for item in gate_of(session, clock.now()).items}
    assert b"ELEKT-D" in maria.get("/session-day/expect/").content
