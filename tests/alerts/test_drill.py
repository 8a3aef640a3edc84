"""The fire drill pages real people about nobody, and says who answered how fast."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.alerts import drill
from apps.alerts.actions import acknowledge
from apps.alerts.models import Alert, AlertState
from apps.alerts.refusal import AlertRefused
from apps.core import clock
from apps.notifications.keys import one_tap_token
from apps.notifications.models import Delivery
from apps.patients.models import Patient
from tests.alerts.scene import a_raise, fresh
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(cast: Cast) -> Alert:
    with cast.acting(cast.therapist):
        return drill.start_drill(clinic=cast.clinic, actor=cast.therapist)


def test_a_drill_pages_whoever_is_on_call_and_is_synthetic_throughout(cast: Cast, running: Alert) -> None:
    with cast.acting(cast.therapist):
        letters = list(Delivery.objects.filter(subject_id=running.pk))
        person = Patient.objects.get(pk=running.patient_id)
    assert {letter.recipient_id for letter in letters} == {cast.nurse.pk}
    assert all(letter.synthetic for letter in letters)
    assert (running.synthetic, running.level, person.synthetic, person.status) == (True, "P1", True, "discharged")
    assert not person.user.is_active


def test_one_drill_at_a_time(cast: Cast, running: Alert) -> None:
    with cast.acting(cast.nurse), pytest.raises(AlertRefused):
        drill.start_drill(clinic=cast.clinic, actor=cast.nurse)


def test_the_report_says_who_answered_how_fast(cast: Cast, running: Alert) -> None:
    with cast.acting(cast.nurse):
        assert drill.report(fresh(running)).in_time is None
        letter = Delivery.objects.get(subject_id=running.pk, channel="sms")
    clock.shift(timedelta(minutes=2, seconds=5))
    Client().post(f"/p/{one_tap_token(letter.pk)}/")
    with cast.acting(cast.nurse):
        told = drill.report(fresh(running))
    assert (told.taken_by, told.in_time) == ("Rosa Osei", True)
    assert told.taken_after
    assert timedelta(minutes=2) < told.taken_after < timedelta(minutes=3)
    (answer,) = told.answers
    assert answer.name == "Rosa Osei"
    assert answer.answered_after
    page = cast.client(cast.nurse).get(f"/desk/drills/{running.pk}/").content.decode()
    assert "Rosa Osei took it after 2 min" in page


def test_a_drill_that_nobody_takes_in_time_is_not_in_time(cast: Cast, running: Alert) -> None:
    clock.shift(timedelta(minutes=16))
    with cast.acting(cast.nurse):
        assert drill.report(fresh(running)).in_time is False
        ended = drill.end_drill(alert=running, actor=cast.therapist)
        told = drill.report(fresh(running))
    assert (ended.state, told.taken_by, told.in_time) == (AlertState.RESOLVED, "", False)


def test_ending_closes_a_drill_and_nothing_else(cast: Cast, running: Alert) -> None:
    real = a_raise(cast.patient)
    with cast.acting(cast.nurse):
        acknowledge(alert=running, actor=cast.nurse)
        with pytest.raises(AlertRefused):
            drill.end_drill(alert=real, actor=cast.nurse)
        drill.end_drill(alert=running, actor=cast.nurse)
    assert fresh(real).state == AlertState.OPEN


def test_the_page_starts_and_ends_one(cast: Cast) -> None:
    client = cast.client(cast.therapist)
    assert "Start the drill now" in client.get("/desk/drills/").content.decode()
    shown = client.post("/desk/drills/", follow=True)
    assert "Nobody has taken it yet" in shown.content.decode()
    assert "running already" in client.post("/desk/drills/").content.decode()
    path = shown.redirect_chain[-1][0]
    assert "Nobody took it." in client.post(path, follow=True).content.decode()
