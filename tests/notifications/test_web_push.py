"""Notifications to browsers: sealed for the browser alone, sent to a real process, forgotten when it is gone."""

import base64
import json
import os
from typing import Any
from urllib.parse import urlsplit

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from apps.accounts.models import ContactPoint
from apps.core.db.scope import use_clinic
from apps.notifications.keys import one_tap_token
from apps.notifications.models import Delivery, PushSubscription, State
from apps.notifications.push_services import application_key, is_push_service
from apps.notifications.sending import Sender
from telek.pump import GAVE_UP
from tests.alerts.scene import a_raise
from tests.cast import Cast
from tests.provider.provider import Provider

pytestmark = pytest.mark.django_db


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Browser:
    """The keys that a browser keeps for itself."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)

    def subscription(self, endpoint: str) -> dict[str, str]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": endpoint, "p256dh": text(point), "auth": text(self.secret), "label": "Firefox, Android"}

    def open(self, line: dict[str, Any]) -> dict[str, Any]:
        sealed = base64.b64decode(line["text"])
        return json.loads(http_ece.decrypt(sealed, private_key=self.key, auth_secret=self.secret))  # type: ignore[no-any-return]


@pytest.fixture
def origin(provider: Provider, settings: Any) -> str:
    parts = urlsplit(provider.url)
    settings.TRANSPORTS = {"push": "web-push", "sms": "none", "voice": "none", "email": "none"}
    settings.PUSH_HOSTS = [f"{parts.scheme}://{parts.netloc}", ".push.services.mozilla.com", "fcm.googleapis.com"]
    return f"{parts.scheme}://{parts.netloc}"


@pytest.fixture
def browser(cast: Cast, origin: str) -> Browser:
    """The nurse's telephone, subscribed through the page."""
    browser = Browser()
    answer = cast.client(cast.nurse).post(
        "/account/devices/add/", browser.subscription(f"{origin}/push/1"), content_type="application/json"
    )
    assert answer.status_code == 201, answer.content
    return browser


def send(cast: Cast) -> None:
    with use_clinic(cast.clinic.pk):
        Sender(gave_up=GAVE_UP).drain("push", until=float("inf"))


def test_a_page_comes_sealed_and_says_nothing_clinical(cast: Cast, browser: Browser, provider: Provider) -> None:
    alert = a_raise(cast.patient)
    send(cast)
    (line,) = provider.received()
    said = browser.open(line)
    with cast.acting(cast.nurse):
        row = Delivery.objects.get(channel="push")
    assert said == {
        "text": f"Urgent Telek alert, code {alert.code}",
        "path": f"/p/{one_tap_token(row.pk)}/",
        "token": one_tap_token(row.pk),
        "urgent": True,
    }
    assert row.state == State.SENT
    assert "vapid t=" in line["token"]


def test_the_browser_tells_that_it_came_and_was_opened(cast: Cast, browser: Browser) -> None:
    a_raise(cast.patient)
    send(cast)
    with cast.acting(cast.nurse):
        row = Delivery.objects.get(channel="push")
    client = cast.client(None)
    assert client.post(f"/push/{one_tap_token(row.pk)}/", {"what": "delivered"}).status_code == 204
    assert client.post(f"/push/{one_tap_token(row.pk)}/", {"what": "opened"}).status_code == 204
    assert client.post(f"/push/{one_tap_token(row.pk)}/", {"what": "failed"}).status_code == 204
    assert client.post("/push/nonsense/", {"what": "opened"}).status_code == 404
    with cast.acting(cast.nurse):
        row.refresh_from_db()
    assert row.delivered_at
    assert row.opened_at
    assert (row.state, row.last_error) == (State.DELIVERED, "")


def test_a_device_that_is_gone_is_forgotten_and_the_next_way_is_due(
    cast: Cast, browser: Browser, provider: Provider
) -> None:
    provider.behave("410")
    a_raise(cast.patient)
    send(cast)
    with cast.acting(cast.nurse):
        assert Delivery.objects.get(channel="push").state == State.DEAD
        assert not PushSubscription.objects.exists()
        assert not ContactPoint.objects.filter(channel="push").exists()


def test_trying_sends_one_and_taking_away_ends_it(cast: Cast, browser: Browser, provider: Provider) -> None:
    client = cast.client(cast.nurse)
    with cast.acting(cast.nurse):
        device = PushSubscription.objects.get()
    client.post(f"/account/devices/{device.pk}/test/")
    send(cast)
    assert browser.open(provider.received()[0])["text"] == "Telek can reach you on this device."
    page = client.get("/account/devices/").content.decode()
    assert "Firefox, Android" in page
    assert application_key() in page
    client.post(f"/account/devices/{device.pk}/remove/")
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert not PushSubscription.objects.exists()
        assert not ContactPoint.objects.filter(channel="push").exists()


def test_the_same_browser_twice_is_one_device(cast: Cast, browser: Browser, origin: str) -> None:
    again = Browser().subscription(f"{origin}/push/1")
    cast.client(cast.nurse).post("/account/devices/add/", again, content_type="application/json")
    with cast.acting(cast.nurse):
        assert PushSubscription.objects.get().auth == again["auth"]


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://169.254.169.254/latest/meta-data"},
        {"endpoint": "https://127.0.0.1/push/1"},
        {"endpoint": "https://updates.push.services.mozilla.com:22/"},
        {"endpoint": "https://push.services.mozilla.com.evil.example/"},
        {"endpoint": "https://fcm.googleapis.com@evil.example/"},
        {"endpoint": "https://fcm.googleapis.com/" + "x" * 2000},
        {"endpoint": "https://[::1/"},
        {"p256dh": "AAAA"},
        {"auth": "é"},
        {"auth": ""},
    ],
)
def test_what_is_no_subscription_is_refused_in_words(cast: Cast, origin: str, change: dict[str, str]) -> None:
    given = Browser().subscription("https://fcm.googleapis.com/fcm/send/1") | change
    answer = cast.client(cast.nurse).post("/account/devices/add/", given, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b"\xff", b"[" * 9000])
def test_what_is_no_json_is_refused(cast: Cast, body: bytes) -> None:
    answer = cast.client(cast.nurse).post("/account/devices/add/", body, content_type="application/json")
    assert answer.status_code == 400


def test_known_push_services_are_allowed(origin: str) -> None:
    assert is_push_service("https://updates.push.services.mozilla.com/wpush/v2/x")
    assert is_push_service("https://fcm.googleapis.com/fcm/send/x")


def test_a_refusal_of_another_kind_of_push_takes_no_device_away(cast: Cast, provider: Provider) -> None:
    """settings.TRANSPORTS names the plain JSON provider here: its addresses are its own."""
    provider.behave("422")
    with cast.acting(cast.nurse):
        ContactPoint.objects.create(clinic=cast.clinic, user=cast.nurse, channel="push", address="token-7", rank=0)
    a_raise(cast.patient)
    send(cast)
    with cast.acting(cast.nurse):
        assert Delivery.objects.get(channel="push").state == State.DEAD
        assert ContactPoint.objects.filter(channel="push", address="token-7").exists()
