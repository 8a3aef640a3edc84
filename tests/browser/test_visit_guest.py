"""Three people in one call, each in a browser of their own; the third has no account, and is gone when removed."""

from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from apps.sessions.models import VisitEvent
from tests.browser.test_visit_call import PHONE, in_a_call
from tests.cast import Cast
from tests.waiting import wait_until

# One call at a time: two that are encoded at once leave two cores no time for pictures.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("video")]

# Keeps each connection that a page makes, so that the test can ask what comes in over it.
REMEMBER = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); window.connections.push(this); }
};"""
INCOMING = """async () => {
  const found = [];
  for (const pc of window.connections) {
    if (pc.connectionState !== "connected") continue;
    const coming = { frames: 0, packets: 0 };
    for (const row of (await pc.getStats()).values()) {
      if (row.type !== "inbound-rtp") continue;
      if (row.kind === "video") coming.frames += row.framesDecoded ?? 0;
      else coming.packets += row.packetsReceived;
    }
    found.push(coming);
  }
  return found;
}"""


def flowing(page: Page, connections: int) -> None:
    """Pictures are decoded and sound arrives over that many connections, and both go on growing."""
    wait_until(lambda: len(page.evaluate(INCOMING)) == connections)
    before = page.evaluate(INCOMING)

    def more() -> bool:
        now = page.evaluate(INCOMING)
        return len(now) == connections and all(
            one["frames"] > was["frames"] + 5 and one["packets"] > was["packets"] + 20
            for one, was in zip(now, before, strict=True)
        )

    wait_until(more)


def test_a_guest_is_asked_for_agreed_to_admitted_and_removed(cast: Cast, signed_in: Callable[..., Page]) -> None:
    visit, patient, desk = in_a_call(cast, signed_in, script=REMEMBER)
    flowing(patient, 1)
    desk.get_by_text("Add an interpreter or family").click()
    desk.get_by_label("Name, as the patient reads it").fill("Ana Ruiz")
    desk.get_by_role("button", name="Make a link").click()
    link = desk.locator("[data-guest-link]").input_value()

    expect(patient.get_by_text("May Ana Ruiz (interpreter) join?")).to_be_visible()
    guest = signed_in(None, **PHONE)
    guest.add_init_script(REMEMBER)
    guest.goto("/g/" + link.split("/g/")[1])
    guest.get_by_role("button", name="Ask to join").click()
    expect(guest.get_by_text("You are waiting")).to_be_visible()

    expect(desk.get_by_text("waits to be let in")).to_be_visible()
    admit = desk.get_by_role("button", name="Admit the guest")
    expect(admit).to_be_disabled()
    patient.get_by_role("button", name="Yes, they may join").click()
    expect(admit).to_be_enabled()
    admit.click()

    for page in (guest, patient, desk):
        flowing(page, 2)
    expect(desk.locator("[data-third]")).to_be_visible()
    expect(patient.locator("[data-third]")).to_contain_text("Ana Ruiz")

    guest.reload()
    for page in (guest, patient, desk):
        flowing(page, 2)

    patient.get_by_role("button", name="Remove from the call").click()
    expect(guest.get_by_text("You are no longer in the call.")).to_be_visible()
    for page in (patient, desk):
        expect(page.locator("[data-third]")).to_be_hidden()
        flowing(page, 1)
    wait_until(lambda: guest.evaluate(INCOMING) == [])
    assert guest.goto("/guest/").status == 404  # type: ignore[union-attr]
    assert patient.faults == []
    with cast.acting(cast.prescriber), transaction.atomic():
        kinds = set(VisitEvent.objects.filter(visit_id=visit.pk).values_list("kind", flat=True))
    assert {"guest-invited", "guest-agreed", "guest-asked", "guest-admitted", "guest-joined", "guest-removed"} <= kinds
