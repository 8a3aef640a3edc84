// The clinician's page of a visit: own preview while somebody waits, then the call.
import { live } from "../live.js";
import { countdown, serverNow } from "../ui/clock.js";
import { GuestPart } from "./guest.js";
import { Screen } from "./screen.js";
import { Shown } from "./shown.js";

const root = document.getElementById("visit");
const screen = new Screen(root);
const shown = new Shown(root);
const guest = new GuestPart(root, screen);
const { status } = root.dataset;
let version = null, going = false;

const opened = screen.open();
if (status === "in-progress") opened.then(() => screen.start());

live.follow(`visit:${root.dataset.visit}`, {
  onState: (rows) => {
    for (const row of rows) {
      const first = version === null;
      if (row.version === version) continue;
      version = row.version;
      guest.changed(row);
      shown.refresh();
      if (row.status === status || (first && row.status === status)) continue;
      if (["finished", "cancelled"].includes(row.status)) screen.end();
      going = true;
      location.reload(); // drafts of the note are kept on the server as they are typed
    }
  },
});

const elapsed = document.querySelector("b[data-since]");
if (elapsed) setInterval(() => { elapsed.textContent = countdown(serverNow() - Date.parse(elapsed.dataset.since)); }, 1_000);

// Leaving this page leaves the call: ask first. What the page does itself, and its forms, need no question.
document.addEventListener("submit", (event) => { going ||= !event.defaultPrevented; });
addEventListener("beforeunload", (event) => { if (screen.call?.seat.taken && !going) event.preventDefault(); });
