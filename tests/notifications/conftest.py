"""A provider to send to, and a short way to put a delivery into the outbox."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.core.ids import new_id
from apps.notifications.actions import queue
from apps.notifications.models import Delivery
from tests.cast import Cast
from tests.provider.provider import Provider, running_provider

Put = Callable[..., Delivery]


@pytest.fixture(scope="session")
def _provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture
def provider(_provider: Provider, settings: Any) -> Provider:
    """The fake provider, wired to text messages, pushes and calls; its record is empty, and it accepts."""
    settings.TRANSPORTS = {"sms": "http", "push": "http", "voice": "http", "email": "email"}
    settings.TRANSPORT_URL = _provider.url
    settings.TRANSPORT_TOKEN = "token-of-the-test"
    settings.SEND_TIMEOUT_SECONDS = 0.5
    _provider.behave("ok")
    _provider.forget()
    return _provider


@pytest.fixture
def put(cast: Cast) -> Put:
    """Queue a delivery of the clinic; everything has a default. Needs the clinic in scope."""

    def put_one(**changes: Any) -> Delivery:
        given: dict[str, Any] = {
            "clinic_id": cast.clinic.pk,
            "kind": "4-reminder",
            "dedupe_key": f"test:{new_id()}",
            "subject_kind": "thing",
            "subject_id": new_id(),
            "recipient_id": cast.patient_user.pk,
            "channel": "sms",
            "address": "+15550100",
            "template": "survey-reminder",
            "context": {"clinic": "O'Neill & Sons", "link": "/s/abc/", "code": "K7F2"},
        }
        row = queue(**(given | changes))
        assert row is not None
        return row

    return put_one
