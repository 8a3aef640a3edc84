"""What a person does with an alert, and what the one who comes second is told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.accounts.models import Membership, User
from apps.alerts.actions import (
    acknowledge,
    escalate_now,
    hand_over,
    record_contact,
    resolve,
    snooze,
    still_with_them,
)
from apps.alerts.models import Alert, AlertEvent, AlertState, ContactAttempt
from apps.alerts.refusal import AlertRefused
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.notifications.models import State
from tests.alerts.scene import a_raise, a_record, deliveries, fresh, names, steps
from tests.cast import Cast

pytestmark = pytest.mark.django_db

VERBS: list[Callable[[Alert, User], Any]] = [
    lambda alert, actor: acknowledge(alert=alert, actor=actor),
    lambda alert, actor: record_contact(alert=alert, actor=actor, channel="phone", reached=True),
    lambda alert, actor: still_with_them(alert=alert, actor=actor),
    lambda alert, actor: hand_over(alert=alert, actor=actor, to=actor.membership or Membership(), reason="off duty"),
    lambda alert, actor: escalate_now(alert=alert, actor=actor, reason="more hands"),
    lambda alert, actor: resolve(alert=alert, actor=actor, disposition="safe", text="fine", record=a_record()),
    lambda alert, actor: snooze(alert=alert, actor=actor, until=clock.now() + timedelta(hours=1), reason="later"),
]


@pytest.fixture
def alert(cast: Cast) -> Alert:
    return a_raise(cast.patient, "P1", value=2)


def pk_of(user: User) -> UUID:
    """Of the person's membership."""
    assert user.membership
    return user.membership.pk


def take(cast: Cast, alert: Alert, user: User) -> Alert:
    with cast.acting(user):
        return acknowledge(alert=alert, actor=user)


def test_taking_an_alert_stops_the_paging_and_begins_a_lease(cast: Cast, alert: Alert) -> None:
    taken = take(cast, alert, cast.nurse)
    assert (taken.state, taken.owner_id) == ("acked", pk_of(cast.nurse))
    assert taken.acked_at is not None
    assert taken.next_step_at == taken.lease_until == taken.acked_at + timedelta(minutes=15)
    assert {row.state for row in deliveries(alert)} == {State.CANCELLED}
    with cast.acting(cast.nurse):
        event = AlertEvent.objects.filter(alert=alert).last()
        assert event is not None
        assert (event.kind, event.actor) == ("taken", cast.nurse.membership)
        assert AuditEvent.objects.filter(object_id=alert.pk, actor_id=cast.nurse.pk, detail="taken").exists()


def test_the_lease_of_a_p2_is_an_hour(cast: Cast) -> None:
    taken = take(cast, a_raise(cast.patient, "P2"), cast.nurse)
    assert taken.lease_until is not None
    assert taken.acked_at is not None
    assert taken.lease_until - taken.acked_at == timedelta(minutes=60)


def test_the_second_to_take_it_is_told_who_has_it(cast: Cast, alert: Alert) -> None:
    take(cast, alert, cast.nurse)
    with pytest.raises(AlertRefused, match="Taken by Rosa Osei") as refused:
        take(cast, alert, cast.therapist)
    assert refused.value.code == "taken"
    assert fresh(alert).owner_id == pk_of(cast.nurse)


@pytest.mark.parametrize("verb", VERBS)
def test_a_patient_can_do_nothing_with_an_alert(cast: Cast, alert: Alert, verb: Callable[[Alert, User], Any]) -> None:
    with cast.acting(cast.patient_user), pytest.raises(AlertRefused, match="Only staff"):
        verb(alert, cast.patient_user)
    assert fresh(alert).version == alert.version


@pytest.mark.parametrize("verb", VERBS)
def test_an_administrator_does_not_handle_alerts(cast: Cast, alert: Alert, verb: Callable[[Alert, User], Any]) -> None:
    with cast.acting(cast.clinic_admin), pytest.raises(AlertRefused, match="Only staff"):
        verb(alert, cast.clinic_admin)


@pytest.mark.parametrize("verb", VERBS)
def test_for_another_clinic_the_alert_does_not_exist(
    cast: Cast, alert: Alert, verb: Callable[[Alert, User], Any]
) -> None:
    with cast.acting(cast.other_prescriber), pytest.raises(Alert.DoesNotExist):
        verb(alert, cast.other_prescriber)
    assert fresh(alert).version == alert.version


@pytest.mark.parametrize("verb", VERBS)
def test_a_closed_alert_stays_closed_and_says_by_whom(
    cast: Cast, alert: Alert, verb: Callable[[Alert, User], Any]
) -> None:
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        resolve(alert=alert, actor=cast.nurse, disposition="safe", text="Spoke, safe.", record=a_record())
        with pytest.raises(AlertRefused, match="Closed by Rosa Osei") as refused:
            verb(alert, cast.nurse)
    assert refused.value.code == "closed"
    assert fresh(alert).state == AlertState.RESOLVED


def test_an_attempt_without_an_answer_renews_the_lease(cast: Cast, alert: Alert) -> None:
    first = take(cast, alert, cast.nurse).lease_until
    clock.shift(timedelta(minutes=10))
    with cast.acting(cast.nurse):
        tried = record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=False, text="Voicemail")
    assert first is not None
    assert tried.state == AlertState.ACKED
    assert tried.lease_until is not None
    assert tried.lease_until - first >= timedelta(minutes=10)


def test_reaching_the_person_stops_every_clock(cast: Cast, alert: Alert) -> None:
    take(cast, alert, cast.nurse)
    with cast.acting(cast.nurse):
        reached = record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
    assert (reached.state, reached.next_step_at, reached.lease_until) == ("contacted", None, None)
    assert reached.owner_id == pk_of(cast.nurse), "it stays on its owner's list"


def test_trying_on_an_open_alert_takes_it(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.therapist):
        tried = record_contact(alert=alert, actor=cast.therapist, channel="video", reached=False)
        kinds = list(AlertEvent.objects.filter(alert=alert).values_list("kind", flat=True))
    assert (tried.state, tried.owner_id) == ("acked", pk_of(cast.therapist))
    assert kinds[-2:] == ["taken", "tried"]


def test_a_colleague_who_reaches_them_does_not_take_the_alert_away(cast: Cast, alert: Alert) -> None:
    take(cast, alert, cast.nurse)
    with cast.acting(cast.therapist):
        reached = record_contact(alert=alert, actor=cast.therapist, channel="in-person", reached=True)
    assert (reached.state, reached.owner_id) == ("contacted", pk_of(cast.nurse))


def test_an_unknown_channel_is_refused(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse), pytest.raises(AlertRefused):
        record_contact(alert=alert, actor=cast.nurse, channel="pigeon", reached=True)
    with cast.acting(cast.nurse):
        assert not ContactAttempt.objects.exists()


def test_still_with_them_renews_the_lease_of_the_owner_alone(cast: Cast, alert: Alert) -> None:
    take(cast, alert, cast.nurse)
    clock.shift(timedelta(minutes=14))
    with cast.acting(cast.nurse):
        renewed = still_with_them(alert=alert, actor=cast.nurse).lease_until
    assert renewed is not None
    assert renewed > clock.now() + timedelta(minutes=14)
    with cast.acting(cast.therapist), pytest.raises(AlertRefused) as refused:
        still_with_them(alert=alert, actor=cast.therapist)
    assert refused.value.code == "owner"


def test_nobody_is_still_with_an_open_alert(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse), pytest.raises(AlertRefused, match="Take it first"):
        still_with_them(alert=alert, actor=cast.nurse)


def test_the_contact_limit_is_not_put_off_by_a_renewed_lease(cast: Cast, alert: Alert) -> None:
    take(cast, alert, cast.nurse)
    clock.shift(timedelta(minutes=14))
    for _ in range(3):
        with cast.acting(cast.nurse):
            still_with_them(alert=alert, actor=cast.nurse)
        clock.shift(timedelta(minutes=14))
    with cast.acting(cast.nurse):
        held = still_with_them(alert=alert, actor=cast.nurse)
    assert held.next_step_at == held.contact_due_at


def test_handing_over_pages_the_colleague_and_begins_their_lease(cast: Cast, alert: Alert) -> None:
    take(cast, alert, cast.nurse)
    with cast.acting(cast.nurse):
        given = hand_over(alert=alert, actor=cast.nurse, to=cast.therapist.membership, reason="Shift ends")
    assert (given.state, given.owner_id) == ("acked", pk_of(cast.therapist))
    assert names(steps(alert)[-1]) == ["Jonas Lindqvist"]
    waiting = {row.recipient_id for row in deliveries(alert) if row.state == State.PENDING}
    assert waiting == {cast.therapist.pk}


def test_handing_over_after_contact_starts_no_clock(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        given = hand_over(alert=alert, actor=cast.nurse, to=cast.prescriber.membership, reason="Shift ends")
    assert (given.state, given.next_step_at, given.owner_id) == ("contacted", None, pk_of(cast.prescriber))


@pytest.mark.parametrize("to", ["patient_user", "clinic_admin", "other_prescriber", "nurse"])
def test_an_alert_goes_only_to_a_colleague_who_may_take_it(cast: Cast, alert: Alert, to: str) -> None:
    take(cast, alert, cast.nurse)
    with cast.acting(cast.nurse), pytest.raises(AlertRefused) as refused:
        hand_over(alert=alert, actor=cast.nurse, to=getattr(cast, to).membership, reason="Shift ends")
    assert refused.value.code == "to"


def test_nobody_hands_over_what_nobody_has(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse), pytest.raises(AlertRefused, match="Take it first"):
        hand_over(alert=alert, actor=cast.nurse, to=cast.therapist.membership, reason="Shift ends")


@pytest.mark.parametrize("reason", ["", "   ", "\x00"])
def test_a_reason_is_not_blank(cast: Cast, alert: Alert, reason: str) -> None:
    take(cast, alert, cast.nurse)
    with cast.acting(cast.nurse), pytest.raises(AlertRefused):
        hand_over(alert=alert, actor=cast.nurse, to=cast.therapist.membership, reason=reason)
    with cast.acting(cast.nurse), pytest.raises(AlertRefused):
        escalate_now(alert=alert, actor=cast.nurse, reason=reason)


def test_calling_for_more_help_pages_the_next_and_leaves_the_owner(cast: Cast, alert: Alert) -> None:
    taken = take(cast, alert, cast.nurse)
    with cast.acting(cast.nurse):
        more = escalate_now(alert=alert, actor=cast.nurse, reason="She has taken tablets")
    assert (more.state, more.owner_id, more.rung) == ("acked", pk_of(cast.nurse), 1)
    assert more.next_step_at == taken.next_step_at
    assert names(steps(alert)[-1]) == ["Dr Ngozi Okafor"]
    assert [row.state for row in deliveries(alert)].count(State.PENDING) == 2


def test_escalating_an_open_alert_climbs_at_once(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.coordinator):
        more = escalate_now(alert=alert, actor=cast.coordinator, reason="On call is in theatre")
    assert (more.state, more.rung, len(steps(alert))) == ("open", 1, 2)


def test_history_tells_the_whole_story_in_order(cast: Cast, alert: Alert) -> None:
    take(cast, alert, cast.nurse)
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=False)
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        resolve(alert=alert, actor=cast.nurse, disposition="safe", text="Spoke, safe.", record=a_record())
        kinds = list(AlertEvent.objects.filter(alert=alert).values_list("kind", flat=True))
    assert kinds == ["raised", "paged", "taken", "tried", "reached", "closed"]
