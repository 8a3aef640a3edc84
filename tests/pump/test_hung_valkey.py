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


def _tries(caplog: pytest.LogCaptureFixture) -> int:
    return sum("Redis does not answer" in line for line in caplog.messages)


def test_of_twenty_hints_one_is_tried(
    deaf: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A try costs its time limit: the other nineteen cost nothing."""
    monkeypatch.setattr(live, "QUIET_SECONDS", 600.0)  # however slow the machine is
    for _ in range(20):
        with transaction.atomic():
            live.publish("alerts", id="1")
    assert _tries(caplog) == 1


def test_hints_go_out_again_after_the_quiet_time(deaf: None, caplog: pytest.LogCaptureFixture) -> None:
    with transaction.atomic():
        live.publish("alerts", id="1")
    assert live._quiet_until > 0
    live._quiet_until = time.monotonic() - 0.01
    with transaction.atomic():
        live.publish("alerts", id="1")
    assert _tries(caplog) == 2
