// The person's page of a visit: device check, waiting room, call. The visit's own state decides what is shown.
import { live } from "../live.js";
import { DeviceCheck } from "./check.js";
import { GuestPart } from "./guest.js";
import { Screen } from "./screen.js";
import { Shown } from "./shown.js";

const root = document.getElementById("visit");
const waiting = document.querySelector("[data-waiting]");
const screen = new Screen(root);
const shown = new Shown(root);
const guest = new GuestPart(root, screen);
const card = root.querySelector("[data-device-check]");
let status = root.dataset.status;
let version = null;

async function refreshWaiting() {
  try {
    const answer = await fetch("?part=waiting");
    if (answer.ok && waiting) waiting.innerHTML = await answer.text();
  } catch { /* offline: the words keep their "last update" */ }
}

function begin() {
  if (waiting) waiting.hidden = true;
  card?.remove();
  check?.stop?.();
  for (const node of document.querySelectorAll("[data-where]")) node.hidden = true;
  screen.start();
  root.scrollIntoView({ block: "start" });
}

function changed(row) {
  if (row.version === version) return;
  version = row.version;
  guest.changed(row);
  if (["finished", "cancelled"].includes(row.status)) {
    screen.end();
    return location.reload();
  }
  if (row.status === "in-progress" && status !== "in-progress") {
    status = row.status;
    opened.then(begin);
  } else if (row.status !== status) location.reload();
  else if (status === "arrived") refreshWaiting();
  if (status === "in-progress") shown.refresh();
}

const check = card ? new DeviceCheck(root, card) : null;
const opened = screen.open().then(() => check?.start(screen));
if (status === "in-progress") opened.then(begin);
live.follow(`visit:${root.dataset.visit}`, { onState: (rows) => rows.forEach(changed) });
if (status === "arrived") {
  const seat = crypto.randomUUID();
  const wait = () => { if (status === "arrived") live.command("visit.wait", { visit: root.dataset.visit, seat }).catch(() => {}); };
  live.onStatus(({ state }) => { if (state === "live") wait(); });
  setInterval(wait, 15_000);
  setInterval(refreshWaiting, 60_000);
}
