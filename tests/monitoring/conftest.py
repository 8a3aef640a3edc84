"""A day that is always the same, and channels that reach people; for the rest see stage.py."""

from typing import Any

import pytest

from apps.core import clock
from tests.cast import Cast
from tests.monitoring.stage import MORNING


@pytest.fixture
def channels(settings: Any) -> None:
    """Every channel has a transport; without this fixture nobody can be written to."""
    settings.TRANSPORTS = dict.fromkeys(("push", "sms", "email", "voice"), "demo")


@pytest.fixture
def morning(cast: Cast) -> Cast:
    """Tuesday, 09:00 in New York."""
    clock.shift(MORNING - clock.now())
    return cast
