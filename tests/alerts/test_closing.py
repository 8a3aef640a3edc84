"""How an alert ends: by whom, after what, with which words; and how a task is put off."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from apps.accounts.models import User
from apps.alerts.actions import acknowledge, record_contact, resolve, snooze, what_is_missing
from apps.alerts.models import Alert, AlertEvent
from apps.alerts.refusal import AlertRefused
from apps.core import clock
from apps.patients.models import Whereabouts
from tests.alerts.scene import a_raise, a_record, fresh
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def tried(cast: Cast, alert: Alert, *channels: str, by: User | None = None) -> None:
    actor = by or cast.nurse
    with cast.acting(actor):
        for channel in channels:
            record_contact(alert=alert, actor=actor, channel=channel, reached=False)


def close(
    cast: Cast,
    alert: Alert,
    actor: User,
    disposition: str = "safe",
    text: str = "Spoke, safe.",
    record: dict[str, str] | None = None,
) -> Alert:
    with cast.acting(actor):
        return resolve(alert=alert, actor=actor, disposition=disposition, text=text, record=record or a_record())


@pytest.mark.parametrize("level", ["P1", "P2"])
def test_after_contact_a_clinician_closes_it_and_everything_is_still(cast: Cast, level: str) -> None:
    alert = a_raise(cast.patient, level)
    with cast.acting(cast.therapist):
        record_contact(alert=alert, actor=cast.therapist, channel="phone", reached=True)
    closed = close(cast, alert, cast.therapist)
    assert (closed.state, closed.next_step_at, closed.resolved_by) == ("resolved", None, cast.therapist.membership)
    assert (closed.disposition, closed.note) == ("safe", "Spoke, safe.")


def test_without_contact_it_cannot_be_closed(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    with pytest.raises(AlertRefused, match="Reach the person") as refused:
        close(cast, alert, cast.nurse)
    assert refused.value.code == "missing"


def test_two_attempts_by_the_same_channel_are_not_enough(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    tried(cast, alert, "phone", "phone")
    with pytest.raises(AlertRefused):
        close(cast, alert, cast.nurse, "not-reached")


def test_two_attempts_by_different_channels_are(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    tried(cast, alert, "phone", "contact")
    assert close(cast, alert, cast.nurse, "welfare-check", "Police asked to look in.").state == "resolved"


def test_attempts_before_it_got_worse_do_not_count(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P2", value=1)
    tried(cast, alert, "phone", "video")
    a_raise(cast.patient, "P1", value=3)
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    with pytest.raises(AlertRefused):
        close(cast, alert, cast.nurse, "not-reached")


def test_an_open_alert_is_taken_before_it_is_closed(cast: Cast) -> None:
    with pytest.raises(AlertRefused, match="take it first"):
        close(cast, a_raise(cast.patient, "P2"), cast.nurse)


def test_a_coordinator_may_take_a_p1_and_not_close_it(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.coordinator):
        record_contact(alert=alert, actor=cast.coordinator, channel="phone", reached=True)
        assert what_is_missing(fresh(alert), cast.coordinator) == ["Only a licensed clinician can close this."]
    with pytest.raises(AlertRefused, match="licensed"):
        close(cast, alert, cast.coordinator)
    assert close(cast, alert, cast.prescriber).state == "resolved"


def test_a_coordinator_closes_a_task_without_taking_it(cast: Cast) -> None:
    assert (
        close(cast, a_raise(cast.patient, "P3"), cast.coordinator, "done", "Rang, form sent again.").state == "resolved"
    )


def test_a_false_phrase_hit_is_dismissed_without_contact_but_only_as_no_concern(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P2", cause="phrase")
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    with pytest.raises(AlertRefused):
        close(cast, alert, cast.nurse, "safe")
    assert close(cast, alert, cast.nurse, "no-concern", "She quotes a song.").state == "resolved"


def test_a_safety_answer_is_not_dismissed_like_a_phrase(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P2")
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    with pytest.raises(AlertRefused):
        close(cast, alert, cast.nurse, "no-concern")


@pytest.mark.parametrize(("disposition", "text"), [("safe", ""), ("safe", "  \n"), ("", "fine"), ("bored", "fine")])
def test_an_ending_has_a_word_and_a_note(cast: Cast, disposition: str, text: str) -> None:
    alert = a_raise(cast.patient, "P3")
    with pytest.raises(AlertRefused):
        close(cast, alert, cast.nurse, disposition, text)
    assert fresh(alert).state == "open"


def test_a_task_is_put_off_with_a_reason_and_a_time(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P3")
    until = clock.now() + timedelta(days=2)
    with cast.acting(cast.coordinator):
        put_off = snooze(alert=alert, actor=cast.coordinator, until=until, reason="On holiday until then")
    assert put_off.next_step_at == put_off.contact_due_at == until


def test_a_taken_task_is_put_off_as_well(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P3")
    until = clock.now() + timedelta(days=2)
    with cast.acting(cast.coordinator):
        acknowledge(alert=alert, actor=cast.coordinator)
        assert snooze(alert=alert, actor=cast.coordinator, until=until, reason="Away").next_step_at == until


@pytest.mark.parametrize("level", ["P1", "P2"])
def test_what_pages_is_not_put_off(cast: Cast, level: str) -> None:
    alert = a_raise(cast.patient, level)
    with cast.acting(cast.nurse), pytest.raises(AlertRefused, match="Only a task"):
        snooze(alert=alert, actor=cast.nurse, until=clock.now() + timedelta(minutes=5), reason="Busy")


@pytest.mark.parametrize("hours", [-1, 0, 24 * 15])
def test_a_task_is_put_off_to_a_time_ahead_and_not_for_ever(cast: Cast, hours: int) -> None:
    alert = a_raise(cast.patient, "P3")
    with cast.acting(cast.nurse), pytest.raises(AlertRefused, match="14 days"):
        snooze(alert=alert, actor=cast.nurse, until=clock.now() + timedelta(hours=hours), reason="Later")


def test_a_task_that_becomes_urgent_forgets_that_it_was_put_off(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P3", value=0)
    with cast.acting(cast.nurse):
        snooze(alert=alert, actor=cast.nurse, until=clock.now() + timedelta(days=3), reason="Later")
    urgent = a_raise(cast.patient, "P1", value=2)
    assert urgent.next_step_at is not None
    assert urgent.next_step_at <= clock.now() + timedelta(minutes=5)
    assert urgent.contact_due_at <= clock.now() + timedelta(minutes=60)


def test_a_p1_is_not_closed_without_its_assessment_and_says_what_is_missing(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        with pytest.raises(AlertRefused, match=r"plan, intent") as refused:
            resolve(alert=alert, actor=cast.nurse, disposition="safe", text="Safe.", record={"ideation": "none"})
    assert {"plan", "acute", "why", "treatment"} <= set(refused.value.fields)
    assert fresh(alert).state == "contacted"


def test_what_was_written_down_stands_in_the_closing_event_and_unreadable_in_the_table(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    tried(cast, alert, "phone", "contact")
    close(cast, alert, cast.nurse)
    with cast.acting(cast.nurse), transaction.atomic():
        event = AlertEvent.objects.select_related("alert").get(alert=alert, kind="closed")
        assert (event.recorded["acute"], event.recorded["told"]) == ("moderate", "Elena Ruiz, sister")
        with connection.cursor() as cursor:
            cursor.execute("select record from alerts_alertevent where id = %s", [event.pk])
            assert b"Elena" not in bytes(cursor.fetchone()[0])


def test_where_the_person_is_can_be_written_down_with_the_call(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.nurse), transaction.atomic():
        record_contact(
            alert=alert, actor=cast.nurse, channel="phone", reached=True, place="At her sister's", company="someone"
        )
        row = Whereabouts.objects.get(patient=cast.patient)
    assert (row.place, row.company, row.asked_in) == ("At her sister's", "someone", "call")
