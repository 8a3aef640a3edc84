"""What browser tests watch for on every page: breaches of the content policy, errors, and the call's own numbers."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, Page

# Told through the console, so that it outlives the page; peers are kept to ask them for their numbers.
TELL = """(() => {
  document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`POLICY ${event.effectiveDirective} ${event.blockedURI} on ${location.pathname}`));
  const Peer = window.RTCPeerConnection;
  window.peersOfTheTest = [];
  window.RTCPeerConnection = class extends Peer {
    constructor(...given) { super(...given); window.peersOfTheTest.push(this); }
  };
})()"""
DECODED = """async () => {
  let decoded = 0;
  for (const peer of window.peersOfTheTest)
    for (const one of (await peer.getStats()).values())
      if (one.type === "inbound-rtp" && one.kind === "video") decoded += one.framesDecoded;
  return decoded;
}"""
# Requests that a test cut off, and files that somebody edited while the server ran.
HARMLESS = ("net::ERR_FAILED", "net::ERR_CONTENT_LENGTH_MISMATCH")
BREACH = re.compile(r"POLICY |Content Security Policy|Refused to (load|execute|apply|connect|frame|run)")


class Watch:
    """Listens to every page of some contexts."""

    def __init__(self) -> None:
        self.breaches: list[str] = []
        self.errors: list[str] = []

    def over(self, context: BrowserContext) -> BrowserContext:
        """Watch that context from now on."""
        context.add_init_script(TELL)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        return context

    def _hear(self, message: Any) -> None:
        if BREACH.search(message.text):
            self.breaches.append(message.text)
        elif is_fault(message) and not any(words in message.text for words in HARMLESS):
            self.errors.append(message.text)


def is_fault(message: Any) -> bool:
    """An error on the console, save that alerts may not arrive: where no pump runs the desk hears so, and says it."""
    no_pump = "503" in message.text and message.location.get("url", "").endswith("/health/alerts")
    return message.type == "error" and not no_pump


def decoded_frames(page: Page) -> int:
    """Video frames of the other side that this page has decoded (framesDecoded of its connections)."""
    return int(page.evaluate(DECODED))
