"""What the desk hears and shows of alerts."""

import json
from datetime import timedelta

import pytest

from apps.alerts.actions import acknowledge, record_contact, resolve
from apps.alerts.models import Alert
from apps.alerts.rows import alert_row, ladder_lines
from apps.alerts.topics import OFFER
from apps.core import clock
from tests.alerts.scene import a_raise, a_record, fresh
from tests.cast import Cast

pytestmark = pytest.mark.django_db

assert OFFER.states
ALERTS, ONE = OFFER.states["alerts"], OFFER.states["alert"]


@pytest.fixture
def alert(cast: Cast) -> Alert:
    return a_raise(cast.patient, "P1", value=2, title="PHQ-9 item 9 = 2")


@pytest.mark.parametrize("who", ["prescriber", "nurse", "therapist", "coordinator"])
def test_staff_at_the_desk_follow_the_alerts_of_their_clinic(cast: Cast, alert: Alert, who: str) -> None:
    user = getattr(cast, who)
    with cast.acting(user):
        assert ALERTS.may_follow(user, "")
        assert ONE.may_follow(user, str(alert.pk))
        assert [row["id"] for row in ALERTS.rows(user, "", None)] == [str(alert.pk)]


@pytest.mark.parametrize("who", ["patient_user", "clinic_admin", "other_prescriber"])
def test_nobody_else_does(cast: Cast, alert: Alert, who: str) -> None:
    user = getattr(cast, who)
    with cast.acting(user):
        assert not ONE.may_follow(user, str(alert.pk))
        assert ALERTS.rows(user, "", None) == []
        assert ALERTS.rows(user, "", [str(alert.pk)]) == []
        assert ONE.rows(user, str(alert.pk), None) == []
        assert ALERTS.may_follow(user, "") == (who == "other_prescriber"), "of their own clinic"


@pytest.mark.parametrize("key", ["", "x", "7", "\x00", "00000000-0000-0000-0000-000000000000"])
def test_a_key_that_is_no_alert_is_not_followed(cast: Cast, alert: Alert, key: str) -> None:
    with cast.acting(cast.nurse):
        assert not ONE.may_follow(cast.nurse, key)
        assert ONE.rows(cast.nurse, key, None) == []
        assert ALERTS.rows(cast.nurse, "", [key]) == []


def test_a_row_is_plain_data_with_the_clock_that_runs(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        row = json.loads(json.dumps(alert_row(fresh(alert), cast.nurse)))
    assert row["patient"]["name"] == "Maria Alvarez"
    assert (row["why"], row["level"], row["state"], row["owner"]) == ("PHQ-9 item 9 = 2", "P1", "open", None)
    due = (alert.raised_at + timedelta(minutes=15)).isoformat()
    assert row["clock"] == {"kind": "acknowledge", "at": due}


def test_a_taken_row_names_its_owner_and_counts_to_contact(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
        mine, theirs = alert_row(fresh(alert), cast.nurse), alert_row(fresh(alert), cast.therapist)
    assert mine["owner"]["mine"]
    assert not theirs["owner"]["mine"]
    assert theirs["owner"]["name"] == "Rosa Osei"
    assert theirs["clock"] == {"kind": "contact", "at": alert.contact_due_at.isoformat()}


def test_a_contacted_row_has_no_clock(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        assert alert_row(fresh(alert), cast.nurse)["clock"] is None


def test_a_closed_alert_is_gone_with_its_last_version(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        closed = resolve(alert=alert, actor=cast.nurse, disposition="safe", text="Spoke, safe.", record=a_record())
        gone = {"id": str(alert.pk), "version": closed.version}
        assert ALERTS.rows(cast.nurse, "", None) == []
        assert ALERTS.rows(cast.nurse, "", [str(alert.pk)]) == [gone]


def test_the_version_grows_with_every_change(cast: Cast, alert: Alert) -> None:
    seen = [alert.version]
    with cast.acting(cast.nurse):
        seen.append(acknowledge(alert=alert, actor=cast.nurse).version)
        seen.append(record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=False).version)
    seen.append(a_raise(cast.patient, "P1", value=3).version)
    assert seen == sorted(set(seen))


def test_fifty_rows_are_one_query(cast: Cast, django_assert_num_queries: object) -> None:
    for number in range(50):
        a_raise(cast.patient, "P2", cause=f"cause-{number}")
    with cast.acting(cast.nurse), django_assert_num_queries(1):  # type: ignore[operator]
        assert len(ALERTS.rows(cast.nurse, "", None)) == 50


def test_the_ladder_shows_who_was_paged_and_who_is_next_with_times(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        done, following, last = ladder_lines(fresh(alert), clock.now())
    assert (done.state, done.people, done.channels, done.pages) == ("done", ["Rosa Osei"], ["sms", "email"], 1)
    assert (following.state, following.people) == ("next", ["Dr Ngozi Okafor"])
    assert following.at == alert.raised_at + timedelta(minutes=15)
    assert (last.state, last.at) == ("later", alert.raised_at + timedelta(minutes=30))


def test_after_contact_the_ladder_shows_only_what_was(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        assert [line.state for line in ladder_lines(fresh(alert), clock.now())] == ["done"]
