"""From opening the call's page to the first picture of the other side, in a real Chromium against the real server."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from statistics import median
from typing import Any

from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

from apps.accounts.models import User
from apps.core import clock
from apps.patients.models import Patient
from apps.sessions import actions
from apps.sessions.models import Visit
from tests.bench import scene
from tests.bench.figures import Figure, quantile
from tests.bench.serving import serve
from tests.browser.conftest import FLAGS
from tests.browser_gate import installed_browser
from tests.chaos.rig import Rig

JOINS = 20
PATIENCE = 30.0  # seconds
FIRST_PICTURE = """
addEventListener("DOMContentLoaded", () => {
  const timer = setInterval(() => {
    if (!document.querySelector("[data-remote]")?.getVideoPlaybackQuality().totalVideoFrames) return;
    window.firstPicture = performance.now();
    clearInterval(timer);
  }, 10);
});"""
# The least: two ends in one page, no server between them.
BARE = """async () => {
  const begun = performance.now(), a = new RTCPeerConnection(), b = new RTCPeerConnection(), seen = document.createElement("video");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720 } });
  for (const track of stream.getTracks()) a.addTrack(track, stream);
  for (const [one, other] of [[a, b], [b, a]]) one.onicecandidate = ({ candidate }) => candidate && other.addIceCandidate(candidate);
  b.ontrack = ({ streams }) => { seen.srcObject = streams[0]; seen.muted = true; seen.play(); };
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  while (!seen.getVideoPlaybackQuality().totalVideoFrames) await new Promise((go) => setTimeout(go, 10));
  const took = performance.now() - begun;
  stream.getTracks().forEach((track) => track.stop());
  a.close();
  b.close();
  return took;
}"""


def join_to_first_picture(rig: Rig, _options: argparse.Namespace) -> Iterator[Figure]:
    """The patient's page is opened anew while the clinician waits in the call: page, camera, socket, seat, ICE, picture."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the driver keeps an event loop in this thread
    (patient,) = scene.more_patients(1)
    clinician = scene.person("okafor")
    visit = _admitted(patient, clinician)
    took, bare = [], []
    with ExitStack() as stack:
        base = serve(rig, stack, TELEK_STATIC_ROOT=os.environ["TELEK_STATIC_ROOT"])
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=installed_browser(), args=FLAGS)
        stack.callback(browser.close)
        desk = _page(browser, base, clinician)
        desk.goto(base + visit.desk_path)
        page = _page(browser, base, patient.user)
        page.add_init_script(FIRST_PICTURE)
        for number in range(JOINS + 1):
            page.goto(base + visit.path)
            _picture(page)
            if number:  # the first one fills caches
                took.append(page.evaluate("window.firstPicture") / 1000)
                bare.append(desk.evaluate(BARE) / 1000)
    yield Figure("call, page opened to first picture, median", median(took), "s", median(bare), JOINS)
    yield Figure("call, page opened to first picture, p95", quantile(took, 0.95), "s", quantile(bare, 0.95), JOINS)


def _picture(page: Page) -> None:
    """Asked again and again: the page's policy lets no text be made into a script, as the driver's own wait would."""
    limit = time.monotonic() + PATIENCE
    while not page.evaluate("window.firstPicture"):
        assert time.monotonic() < limit, "no picture of the other side"
        page.wait_for_timeout(20)


def _page(browser: Browser, base: str, user: User) -> Page:
    context = browser.new_context(base_url=base)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": scene.cookie(user), "url": base}])
    return context.new_page()


def _admitted(patient: Patient, clinician: User) -> Visit:
    """That person is let in by that clinician."""
    member: Any = clinician.membership
    with scene.in_clinic():
        person = User.objects.get(pk=patient.user_id)
        person.membership = person.memberships.get()
        visit = actions.book_visit(
            patient=patient,
            clinician=member,
            starts_at=clock.now() + timedelta(minutes=5),
            minutes=60,
            reason="bench",
            actor=clinician,
        )
        actions.arrive(visit=visit, place="at home", company="alone", call_back="(555) 0100", actor=person)
        return actions.admit(visit=visit, actor=clinician)
