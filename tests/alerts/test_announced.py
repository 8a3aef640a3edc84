"""A change of an alert is heard over Valkey, after the commit and not before."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

from apps.alerts.actions import acknowledge
from apps.core.live import group_name
from tests.alerts.scene import a_raise, later, run_engine
from tests.cast import Cast
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


class Ear:
    """Listens to topics as a consumer's process does."""

    def __init__(self, *topics: str) -> None:
        prefix = settings.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"]
        self.link = redis.Redis.from_url(settings.REDIS_URL)
        self.line = self.link.pubsub(ignore_subscribe_messages=True)
        self.line.subscribe(*(f"{prefix}__group__{group_name(topic)}" for topic in topics))

    def heard(self, count: int, seconds: float = PATIENCE_SECONDS) -> list[tuple[str, dict[str, Any]]]:
        """Up to `count` hints within that time."""
        hints, until = [], time.monotonic() + seconds
        while len(hints) < count and time.monotonic() < until:
            message = self.line.get_message(timeout=0.1)
            if message:
                frame = get_channel_layer().deserialize(message["data"])
                hints.append((frame["topic"], frame["hint"]))
        return hints

    def close(self) -> None:
        self.line.close()
        self.link.close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear("alerts")
    ear.heard(99, seconds=0.3)
    yield ear
    ear.close()


def test_a_change_is_heard_after_the_commit_and_not_before(cast: Cast, ear: Ear) -> None:
    alert = a_raise(cast.patient)
    assert ear.heard(1) == [("alerts", {"id": str(alert.pk), "version": alert.version})]
    with cast.acting(cast.nurse), transaction.atomic():
        taken = acknowledge(alert=alert, actor=cast.nurse)
        assert ear.heard(1, seconds=0.5) == []
    assert ear.heard(1) == [("alerts", {"id": str(alert.pk), "version": taken.version})]


def test_what_is_rolled_back_is_never_heard(cast: Cast, ear: Ear) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        a_raise(cast.patient)
        transaction.set_rollback(True)
    assert ear.heard(1, seconds=0.5) == []


def test_the_engine_is_heard_too(cast: Cast, ear: Ear) -> None:
    alert = a_raise(cast.patient)
    ear.heard(1)
    later(minutes=5, seconds=1)
    run_engine()
    assert ear.heard(1) == [("alerts", {"id": str(alert.pk), "version": alert.version + 1})]


def test_a_hint_says_nothing_about_the_patient(cast: Cast, ear: Ear) -> None:
    a_raise(cast.patient, title="PHQ-9 item 9 = 2")
    ((_, hint),) = ear.heard(1)
    assert set(hint) == {"id", "version"}
