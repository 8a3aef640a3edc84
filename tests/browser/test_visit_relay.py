"""A call through a real TURN server: nothing but relayed candidates leaves a browser, and old credentials open nothing."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from playwright.sync_api import Page, expect

from apps.core import clock
from apps.sessions.models import VisitEvent
from apps.sessions.turn import turn_password, turn_user
from tests.browser.relay import SECRET, installed_relay, running_relay
from tests.browser.server import free_port, running_system
from tests.browser.test_visit_call import DESK, PHONE, assert_pictures_grow, decoded
from tests.cast import Cast
from tests.visits.scene import admitted
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.xdist_group("video"),  # one call at a time
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        installed_relay() is None, reason="NO CALL THROUGH A RELAY WAS TRIED: coturn's turnserver is not installed"
    ),
]

# Keeps each connection that a page makes, so that the test can ask which way its media took.
REMEMBER = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); window.connections.push(this); }
};"""
PATHS = """async () => {
  const found = [];
  for (const pc of window.connections) {
    if (pc.connectionState !== "connected") continue;
    const all = new Map([...await pc.getStats()].map(([id, row]) => [id, row]));
    for (const pair of all.values()) {
      if (pair.type !== "candidate-pair" || pair.state !== "succeeded" || !pair.nominated) continue;
      found.push([all.get(pair.localCandidateId).candidateType, pair.bytesReceived > 0]);
    }
  }
  return found;
}"""
GATHER = """([urls, username, credential]) => new Promise((resolve) => {
  const pc = new RTCPeerConnection({ iceServers: [{ urls, username, credential }], iceTransportPolicy: "relay" });
  let count = 0;
  const done = () => { pc.close(); resolve(count); };
  pc.onicecandidate = ({ candidate }) => { if (candidate?.candidate) count += 1; else done(); };
  pc.createDataChannel("probe");
  pc.setLocalDescription();
  setTimeout(done, 4000);
})"""


def at(page: Page, url: str) -> Page:
    """The page, signed in at that server as well."""
    cookies = [one for one in page.context.cookies() if one["name"] == settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": one["name"], "value": one["value"], "url": url} for one in cookies])
    return page


def test_a_call_takes_the_relay_alone_and_an_old_credential_opens_nothing(
    cast: Cast, signed_in: Callable[..., Page], tmp_path: Path
) -> None:
    visit = admitted(cast)
    sent: list[Any] = []
    with (
        running_relay(tmp_path) as relay,
        running_system(TELEK_TURN_URLS=relay.url, TELEK_TURN_SECRET=SECRET) as system,
    ):
        patient = at(signed_in(cast.patient_user, **PHONE), system.url)
        desk = at(signed_in(cast.prescriber, **DESK), system.url)
        for page, path in ((patient, visit.path), (desk, visit.desk_path)):
            page.add_init_script(REMEMBER)
            page.on("websocket", lambda line: line.on("framesent", lambda frame: sent.append(frame)))
            page.goto(system.url + path)
        for page in (patient, desk):
            expect(page.locator("[data-quality] [data-state=good]")).to_be_visible()
            assert_pictures_grow(page)
            assert {kind for kind, _flowing in page.evaluate(PATHS)} == {"relay"}
        with relay.silent():
            time.sleep(5)
        begun = time.monotonic()
        for page in (patient, desk):
            before = decoded(page)
            wait_until(lambda page=page, before=before: decoded(page) > before + 5)  # type: ignore[misc]
        print(f"pictures again {time.monotonic() - begun:.1f} s after an outage of 5 s")

        frames = "".join(str(frame) for frame in sent)
        assert "typ relay" in frames
        assert "typ host" not in frames
        assert "typ srflx" not in frames

        fresh, old = (turn_user(clock.now() + timedelta(hours=hours), "probe") for hours in (1, -1))
        assert patient.evaluate(GATHER, [relay.url, fresh, turn_password(SECRET, fresh)]) > 0
        assert patient.evaluate(GATHER, [relay.url, old, turn_password(SECRET, old)]) == 0
        assert patient.evaluate(GATHER, [relay.url, fresh, "guessed"]) == 0


def test_a_path_that_is_gone_is_found_anew(cast: Cast, signed_in: Callable[..., Page], tmp_path: Path) -> None:
    """As when a phone changes from one network to another: every relayed address is lost, signalling is not."""
    visit = admitted(cast)
    port = free_port()
    with running_system(TELEK_TURN_URLS=f"turn:127.0.0.1:{port}?transport=udp", TELEK_TURN_SECRET=SECRET) as system:
        patient = at(signed_in(cast.patient_user, **PHONE), system.url)
        desk = at(signed_in(cast.prescriber, **DESK), system.url)
        with running_relay(tmp_path, port):
            for page, path in ((patient, visit.path), (desk, visit.desk_path)):
                page.goto(system.url + path)
            for page in (patient, desk):
                expect(page.locator("[data-quality] [data-state=good]")).to_be_visible()
        with running_relay(tmp_path, port):
            begun = time.monotonic()
            for page in (patient, desk):
                before = decoded(page)
                wait_until(lambda page=page, before=before: decoded(page) > before + 5)  # type: ignore[misc]
                expect(page.locator("[data-quality] [data-state=good]")).to_be_visible()
            print(f"pictures over a new path after {time.monotonic() - begun:.1f} s")
        with cast.acting(cast.prescriber), transaction.atomic():
            assert VisitEvent.objects.filter(visit_id=visit.pk, kind="dropped").exists()
