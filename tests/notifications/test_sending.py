"""The send: taken once, asked just before the wire, recorded only by whoever still has it, retried, ended."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from apps.core import clock
from apps.notifications import claims
from apps.notifications.models import Delivery, State
from apps.notifications.sending import Sender
from tests.cast import Cast
from tests.notifications.conftest import Put
from tests.provider.provider import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_clinic(cast: Cast) -> Iterator[None]:
    with cast.acting(cast.nurse):
        yield


def drain(sender: Sender | None = None, channel: str = "sms") -> int:
    return (sender or Sender()).drain(channel, until=time.monotonic() + 10)


def fresh(row: Delivery) -> Delivery:
    row.refresh_from_db()
    return row


def test_a_due_message_goes_out_with_its_key_and_is_recorded(provider: Provider, put: Put) -> None:
    row = put()
    assert drain() == 1
    (got,) = provider.received()
    assert (got["key"], got["to"], got["token"]) == (str(row.pk), "+15550100", "Bearer token-of-the-test")
    assert got["text"] == "O'Neill & Sons: you have a short form to fill in: http://localhost:8000/s/abc/"
    assert (fresh(row).state, row.attempt, row.provider_id) == (State.SENT, 1, f"m-{str(row.pk)[-8:]}")


def test_what_is_not_due_yet_waits(provider: Provider, put: Put) -> None:
    put(not_before=clock.now() + timedelta(minutes=1))
    assert drain() == 0
    assert provider.received() == []


def test_alerts_go_out_before_everything_else(provider: Provider, put: Put) -> None:
    earlier = clock.now() - timedelta(hours=1)
    reminder, alert = put(not_before=earlier), put(kind="1-alert", template="alert_page")
    drain()
    assert [line["key"] for line in provider.received()] == [str(alert.pk), str(reminder.pk)]


def test_what_nobody_wants_any_more_is_withdrawn_before_the_wire(provider: Provider, put: Put) -> None:
    row = put()
    drain(Sender(wanted={"thing": lambda delivery: False}))
    assert fresh(row).state == State.CANCELLED
    assert provider.received() == []


def _fail(delivery: Delivery) -> bool:
    raise LookupError("no such thing")


@pytest.mark.parametrize(("kind", "state"), [("1-alert", State.SENT), ("4-reminder", State.CANCELLED)])
def test_a_question_that_fails_never_silences_an_alert(provider: Provider, put: Put, kind: str, state: State) -> None:
    row = put(kind=kind)
    drain(Sender(wanted={"thing": _fail}))
    assert fresh(row).state == state


@pytest.mark.parametrize("mode", ["500", "429", "503"])
def test_a_refusal_is_retried_later_with_the_same_key(provider: Provider, put: Put, mode: str) -> None:
    provider.behave(mode)
    row = put()
    drain()
    assert (fresh(row).state, row.attempt) == (State.PENDING, 1)
    assert timedelta(0) < row.not_before - clock.now() < timedelta(seconds=6)  # a machine's clock is set back
    provider.behave("ok")
    Delivery.objects.filter(pk=row.pk).update(not_before=clock.now())
    drain()
    assert fresh(row).state == State.SENT
    assert provider.keys() == {str(row.pk): 1}


def test_the_pauses_between_tries_are_5_15_30_and_60_seconds(provider: Provider, put: Put) -> None:
    provider.behave("500")
    row = put(kind="1-alert", template="alert_page")
    pauses = []
    for _ in range(5):
        Delivery.objects.filter(pk=row.pk).update(not_before=clock.now())
        drain()
        pauses.append(round((fresh(row).not_before - clock.now()).total_seconds()))
    assert pauses == [5, 15, 30, 60, 60]


@pytest.mark.parametrize("mode", ["drop", "hang", "garbage"])
@pytest.mark.parametrize(("kind", "state"), [("1-alert", State.PENDING), ("4-reminder", State.UNKNOWN)])
def test_after_silence_an_alert_is_repeated_and_a_reminder_is_not(
    provider: Provider, put: Put, mode: str, kind: str, state: State
) -> None:
    provider.behave(mode)
    row = put(kind=kind, template="alert_page")
    drain()
    assert fresh(row).state == state
    provider.behave("ok")
    Delivery.objects.filter(pk=row.pk).update(not_before=clock.now())
    drain()
    assert set(provider.keys()) <= {str(row.pk)}
    assert fresh(row).state == (State.SENT if kind == "1-alert" else State.UNKNOWN)


@pytest.mark.parametrize(("mode", "number"), [("text", ""), ("odd", "abc")])
def test_an_accepted_message_stays_accepted_whatever_the_answer_says(
    provider: Provider, put: Put, mode: str, number: str
) -> None:
    provider.behave(mode)
    row = put()
    drain()
    assert (fresh(row).state, row.provider_id) == (State.SENT, number)


@pytest.mark.parametrize("mode", ["422", "500"])
def test_a_dead_page_is_told_once_so_that_somebody_is_paged_otherwise(provider: Provider, put: Put, mode: str) -> None:
    provider.behave(mode)
    told: list[Delivery] = []
    row = put(kind="1-alert", template="alert_page")
    Delivery.objects.filter(pk=row.pk).update(attempt=0 if mode == "422" else claims.MOST_ATTEMPTS - 1)
    drain(Sender(gave_up={"thing": told.append}))
    assert fresh(row).state == State.DEAD
    assert [delivery.pk for delivery in told] == [row.pk]


def test_a_text_that_cannot_be_written_ends_that_row_alone(provider: Provider, put: Put) -> None:
    poison, good = put(kind="1-alert", template="nobody-wrote-this"), put()
    assert drain() == 2
    assert fresh(poison).state == State.DEAD
    assert poison.last_error == "text: TemplateDoesNotExist"
    assert fresh(good).state == State.SENT


def test_a_channel_without_a_transport_is_dead_at_once(put: Put, settings: Any) -> None:
    settings.TRANSPORTS = {"sms": "none"}
    row = put()
    drain()
    assert (fresh(row).state, row.last_error) == (State.DEAD, "no transport is set for this channel")


def test_an_expired_reminder_is_cancelled_with_a_reason(provider: Provider, put: Put) -> None:
    row = put(not_before=clock.now() - timedelta(hours=2), expires_at=clock.now() - timedelta(hours=1))
    sender = Sender()
    assert drain(sender) == 0
    sender.tidy()
    assert (fresh(row).state, row.last_error) == (State.CANCELLED, "expired before it could be sent")


def _lapse(row: Delivery, state: str, attempt: int = 1) -> None:
    Delivery.objects.filter(pk=row.pk).update(state="leased", lease_until=clock.now() - timedelta(seconds=1))
    Delivery.objects.filter(pk=row.pk).update(state=state, attempt=attempt)


@pytest.mark.parametrize(
    ("kind", "state", "after"),
    [
        ("4-reminder", "leased", State.PENDING),
        ("1-alert", "leased", State.PENDING),
        ("4-reminder", "sending", State.UNKNOWN),
        ("1-alert", "sending", State.PENDING),
    ],
)
def test_what_a_dead_process_held_is_freed_on_the_right_side(put: Put, kind: str, state: str, after: State) -> None:
    row = put(kind=kind)
    _lapse(row, state)
    Sender().tidy()
    assert (fresh(row).state, row.lease_until) == (after, None)


def test_an_alert_that_kills_every_sender_is_told_in_the_end(put: Put) -> None:
    told: list[Delivery] = []
    row = put(kind="1-alert")
    _lapse(row, "sending", claims.MOST_ATTEMPTS)
    Sender(gave_up={"thing": told.append}).tidy()
    assert fresh(row).state == State.DEAD
    assert [delivery.pk for delivery in told] == [row.pk]


def test_a_process_that_lost_its_lease_changes_nothing_more(provider: Provider, put: Put) -> None:
    zombie, owner = Sender(), Sender()
    row = put(kind="1-alert", template="alert_page")
    (held,) = claims.lease(zombie.owner, channel="sms", limit=1)
    assert claims.begin_sending(held, zombie.owner)
    Delivery.objects.filter(pk=row.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    owner.tidy()
    drain(owner)
    sent_at = fresh(row).sent_at
    assert not claims.record_retry(held, zombie.owner, "late")
    assert not claims.begin_sending(held, zombie.owner)
    assert (fresh(row).state, row.sent_at) == (State.SENT, sent_at)


def test_a_receipt_that_overtakes_the_answer_wins(put: Put) -> None:
    from apps.notifications.actions import note_receipt

    sender, row = Sender(), put()
    (held,) = claims.lease(sender.owner, channel="sms", limit=1)
    claims.begin_sending(held, sender.owner)
    assert note_receipt(delivery_id=row.pk)
    assert not claims.record_retry(held, sender.owner, "no answer")
    assert fresh(row).state == State.DELIVERED


@pytest.mark.parametrize("to", ["pending", "leased", "sending", "cancelled"])
def test_the_database_refuses_to_make_a_sent_message_wait_again(provider: Provider, put: Put, to: str) -> None:
    row = put()
    drain()
    with pytest.raises(IntegrityError, match="cannot go from sent"), transaction.atomic():
        Delivery.objects.filter(pk=row.pk).update(state=to, lease_until=clock.now())


def test_while_a_provider_is_down_only_alerts_are_tried(provider: Provider, put: Put) -> None:
    provider.behave("500")
    sender = Sender()
    for _ in range(5):
        put()
    drain(sender)
    provider.behave("ok")
    reminder, alert = put(), put(kind="1-alert", template="alert_page")
    assert sender.breaker.is_open("sms")
    claimed = claims.lease(sender.owner, channel="sms", limit=9, kinds=["1-alert", "6-canary"])
    claims.give_back(claimed, sender.owner)
    assert [row.pk for row in claimed] == [alert.pk]
    drain(sender)
    assert fresh(alert).state == State.SENT
    assert not sender.breaker.is_open("sms")
    assert fresh(reminder).state == State.SENT


def test_a_slow_provider_makes_the_rest_of_the_batch_free_for_others(provider: Provider, put: Put) -> None:
    provider.behave("slow:0.3")
    rows = [put(kind="1-alert", template="alert_page") for _ in range(3)]
    sender = Sender(stopping=iter([False, False, False, True, True]).__next__)
    sender.drain("sms", until=time.monotonic() + 10)
    states = [fresh(row).state for row in rows]
    assert states.count(State.SENT) < 3
    assert states.count(State.LEASED) == 0


def test_a_mail_carries_the_same_message_id_at_every_try(provider: Provider, put: Put) -> None:
    row = put(channel="email", address="someone@telek.example", context={"clinic": "Two\nLines", "link": "/x/"})
    drain(channel="email")
    (message,) = mail.outbox
    assert message.message()["Message-ID"] == f"<{row.pk}@telek.example>"
    assert message.subject == "Two Lines: a short form"
    assert fresh(row).state == State.SENT


def test_a_recipient_that_no_mail_can_have_is_refused_and_nobody_else(provider: Provider, put: Put) -> None:
    bad = put(channel="email", address="two\nlines@telek.example")
    good = put(channel="email", address="someone@telek.example")
    drain(channel="email")
    assert fresh(bad).state != State.SENT
    assert fresh(good).state == State.SENT
