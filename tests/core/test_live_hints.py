"""Hints after commit: sent through Valkey, encrypted, and never an error."""

import logging
from typing import Any

import pytest
import redis
from channels.layers import get_channel_layer
from django.conf import settings as django_settings
from django.db import transaction

from apps.core import live


@pytest.mark.django_db(transaction=True)
def test_a_hint_leaves_after_commit_and_is_unreadable_on_the_wire() -> None:
    listener = redis.Redis.from_url(django_settings.REDIS_URL).pubsub(ignore_subscribe_messages=True)
    channel = f"{django_settings.CHANNEL_LAYERS['default']['CONFIG']['prefix']}__group__{live.group_name('alerts')}"
    listener.subscribe(channel)
    listener.get_message(timeout=1)
    with transaction.atomic():
        live.publish("alerts", id="1234")
        assert listener.get_message(timeout=0.2) is None
    message = next(filter(None, (listener.get_message(timeout=1) for _ in range(60))))
    assert b"1234" not in message["data"]
    heard = get_channel_layer().deserialize(message["data"])
    assert heard == {"type": "live.hint", "topic": "alerts", "hint": {"id": "1234"}}


@pytest.mark.django_db(transaction=True)
def test_a_dead_valkey_never_makes_a_commit_fail(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    live._redis.cache_clear()
    with caplog.at_level(logging.WARNING), transaction.atomic():
        live.publish("alerts", id="1234")
    live._redis.cache_clear()
    assert "live hint not sent" in caplog.text
