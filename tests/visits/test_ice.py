"""The way to the other side is told to the two sides only, and only while the visit lives."""

from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.clinic_settings import change_setting
from tests.cast import Cast
from tests.visits.scene import admitted, finished


@pytest.fixture
def turn(settings: Any) -> None:
    settings.TURN_URLS, settings.TURN_SECRET = ["turn:turn.example:3478"], "secret"


def ask(cast: Cast, who: str, visit: Any) -> Any:
    return cast.client(getattr(cast, who)).post(reverse("visit-ice", args=[visit.pk]))


@pytest.mark.usefixtures("turn")
def test_each_side_gets_credentials_of_its_own(cast: Cast) -> None:
    visit = admitted(cast)
    found = [ask(cast, who, visit).json() for who in ("patient_user", "prescriber")]
    users = {one["iceServers"][-1]["username"] for one in found}
    assert len(users) == 2
    assert found[0]["iceTransportPolicy"] == "relay"


@pytest.mark.usefixtures("turn")
def test_the_clinic_may_let_browsers_meet_directly(cast: Cast) -> None:
    visit = admitted(cast)
    with cast.acting(cast.clinic_admin):
        change_setting(clinic=cast.clinic, name="video_relay_only", value=False, actor=None, reason="test")
    assert ask(cast, "patient_user", visit).json()["iceTransportPolicy"] == "all"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("patient_2_user", 404),
        ("other_patient_user", 404),
        ("other_prescriber", 404),
        ("nurse", 404),
        ("coordinator", 403),
        ("clinic_admin", 403),
    ],
)
def test_nobody_else_gets_any(cast: Cast, who: str, status: int) -> None:
    assert ask(cast, who, admitted(cast)).status_code == status


def test_an_ended_visit_gives_no_more(cast: Cast) -> None:
    visit = finished(cast)
    answer = ask(cast, "patient_user", visit)
    assert (answer.status_code, answer.json()["detail"]) == (409, "This visit is over.")


def test_looking_is_not_asking(cast: Cast) -> None:
    assert cast.client(cast.patient_user).get(reverse("visit-ice", args=[admitted(cast).pk])).status_code == 405
