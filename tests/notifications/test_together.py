"""Reminders go out several at a time; each keeps its own fate, and no more are in doubt than were on the wire."""

import time
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest

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


def drain(sender: Sender) -> None:
    sender.drain("sms", until=time.monotonic() + 10)


def state(row: Delivery) -> str:
    row.refresh_from_db()
    return row.state


def test_several_are_asked_about_at_once_and_only_those_that_nobody_wants_are_withdrawn(
    provider: Provider, put: Put
) -> None:
    rows = [put() for _ in range(4)]
    asked: list[int] = []

    def all_but_the_first(deliveries: Sequence[Delivery]) -> set[UUID]:
        asked.append(len(deliveries))
        return {one.pk for one in deliveries} - {rows[0].pk}

    drain(Sender(wanted_of={"thing": all_but_the_first}))
    assert asked == [4]
    assert [state(row) for row in rows] == [State.CANCELLED, *[State.SENT] * 3]
    assert set(provider.keys()) == {str(row.pk) for row in rows[1:]}


def test_a_joint_question_that_fails_is_asked_of_each_alone(provider: Provider, put: Put) -> None:
    rows = [put() for _ in range(3)]

    def fails(deliveries: Sequence[Delivery]) -> set[UUID]:
        raise LookupError("no such thing")

    drain(Sender(wanted={"thing": lambda one: one.pk != rows[1].pk}, wanted_of={"thing": fails}))
    assert [state(row) for row in rows] == [State.SENT, State.CANCELLED, State.SENT]


def test_each_answer_of_the_provider_ends_its_own_row_alone(provider: Provider, put: Put) -> None:
    provider.behave("ok", "+15550101=422", "+15550102=drop", "+15550103=500")
    rows = [put(address=f"+1555010{number}") for number in range(4)]
    poison = put(template="nobody-wrote-this")
    told: list[Delivery] = []
    drain(Sender(gave_up={"thing": told.append}, together=5))
    assert [state(row) for row in rows] == [State.SENT, State.DEAD, State.UNKNOWN, State.PENDING]
    assert (state(poison), poison.last_error) == (State.DEAD, "text: TemplateDoesNotExist")
    assert {row.pk for row in told} == {rows[1].pk, poison.pk}
    assert provider.keys() == {str(rows[0].pk): 1, str(rows[2].pk): 1}


def test_no_more_are_on_the_wire_than_may_be_in_doubt_and_an_alert_goes_alone(put: Put, provider: Provider) -> None:
    rows = [put(kind="1-alert", template="alert_page"), *(put() for _ in range(5))]
    parcels = [len(parcel) for parcel in Sender(together=2)._parcels(rows)]
    assert parcels == [1, 2, 2, 1]
