"""A Valkey that takes connections and never answers must not hold up the engine, which tells it about every step."""

import socket
import time
from collections.abc import Iterator

import pytest
from django.db import transaction

from apps.core import live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deaf(settings: object) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"  # type: ignore[attr-defined]
        live._redis.cache_clear()
        yield
    live._redis.cache_clear()
    live._quiet_until = 0.0


def test_twenty_hints_cost_one_time_limit(deaf: None) -> None:
    began = time.monotonic()
    for _ in range(20):
        with transaction.atomic():
            live.publish("alerts", id="1")
    assert 0.4 < time.monotonic() - began < 3


def test_hints_go_out_again_after_the_quiet_time(deaf: None, settings: object) -> None:
    with transaction.atomic():
        live.publish("alerts", id="1")
    assert live._quiet_until > time.monotonic()
    live._quiet_until = time.monotonic() - 0.01
    began = time.monotonic()
    with transaction.atomic():
        live.publish("alerts", id="1")
    assert time.monotonic() - began > 0.4, "it was tried again"
