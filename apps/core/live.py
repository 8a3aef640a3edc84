"""The loudspeaker: say, after commit, that something changed. What changed is read from PostgreSQL.

A hint may be lost (Redis is at-most-once); followers compare heads every 20 s. A dead Redis never turns a
saved answer into an error.
"""

import hashlib
import logging
import time
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import redis
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

# A Redis that hangs costs its time limit at every hint: after the first, hints are dropped for a while.
QUIET_SECONDS = 5.0
_quiet_until = 0.0  # monotonic seconds


@lru_cache(maxsize=4096)
def group_name(topic: str) -> str:
    """The channel layer's group for a topic such as "thread:<uuid>"."""
    return "t." + hashlib.sha256(topic.encode()).hexdigest()[:40]


def publish(topic: str, **hint: object) -> None:
    """After commit, tell everybody who follows the topic. hint: small JSON values, nothing clinical."""
    transaction.on_commit(lambda: _send(topic, hint), robust=True)


def wake_pump() -> None:
    """Tell waiting pumps, on commit, that something is due now. A hint only: they poll as well."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify('telek_due', '')")


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5, retry_on_timeout=False
    )


def _prefix() -> str:
    layers: dict[str, dict[str, Any]] = settings.CHANNEL_LAYERS
    return str(layers["default"]["CONFIG"]["prefix"])


def send_together(topic: str, hints: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Many hints in one publication, now: call it after commit. topic: what every process hears that may want them."""
    if hints:
        _publish(topic, {"type": "live.hints", "topic": topic, "hints": [list(one) for one in hints]})


def _send(topic: str, hint: dict[str, object]) -> None:
    _publish(topic, {"type": "live.hint", "topic": topic, "hint": hint})


def _publish(topic: str, message: dict[str, Any]) -> None:
    """Publish as channels_redis' pub/sub layer does, but synchronously and with a short time limit."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    layer = get_channel_layer()
    try:
        _redis().publish(f"{_prefix()}__group__{group_name(topic)}", layer.serialize(message))
    except redis.TimeoutError:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("live hints are dropped for %s s: Redis does not answer", QUIET_SECONDS)
    except redis.RedisError as error:
        logger.warning("live hint not sent: %s", type(error).__name__)
