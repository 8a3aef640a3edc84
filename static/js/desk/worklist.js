// The worklist page: rows over the socket, the side panel, what freezes when the screen is not live.
import { live } from "../live.js";
import { countdown, serverNow } from "../ui/clock.js";
import { select } from "../ui/keys.js";
import "../ui/points.js";
import { held } from "./hold.js";
import { needsLoading, noteElsewhere, showAll, take } from "./rows.js";
import { TODAY, URGENT, tone } from "./sound.js";
import { clockWords, known } from "./status.js";

const page = document.getElementById("worklist");
const list = document.querySelector("[data-list]");
const side = document.querySelector("[data-side]");
const versions = Object.fromEntries([...list.querySelectorAll("[data-version]")].map((row) => [row.id.slice(6), Number(row.dataset.version)]));
let shownFor = null;
let restored = false;

function sound(row) {
  if (!row || !("open" in row.dataset)) return;
  if (row.dataset.level === "P1") urgent();
  else if (row.dataset.level === "P2") tone(TODAY);
}

// Also told where the row still came in full: the cover may be up before the socket knows that the session is locked.
function urgent() {
  tone(URGENT);
  document.dispatchEvent(new CustomEvent("session:alarm"));
}

function onState(rows) {
  for (const row of rows) {
    if (row.locked) {
      if (row.level === "P1") urgent();
      continue;
    }
    if (!row.gone && !row.html) continue;
    if (page.dataset.whose === "mine" && row.owner && !row.owner.mine && !document.getElementById(`alert-${row.id}`)) continue;
    const how = take(`alert-${row.id}`, row.html, row.gone);
    if (how === "new" || (how === "changed" && row.state === "open")) sound(parsed(row.html));
    if (how && shownFor === `alert-${row.id}`) refreshPanel();
  }
}

function parsed(html) {
  const holder = document.createElement("template");
  holder.innerHTML = `<table><tbody>${html}</tbody></table>`;
  return holder.content.querySelector("tr");
}

live.follow("alerts", { have: versions, onState });

// Messages and visits have rows of their own making here: a change is counted, and the list loaded when asked.
// The first state brings everything there is: of that, what began after the list was read, and has no row in it.
const LATE_MS = 5_000; // a commit may take that long
const readAt = Date.parse(document.querySelector('meta[name="server-now"]').content) - LATE_MS;
function follow(topic, kind, what, since) {
  const before = new Map();
  live.follow(topic, {
    onState(rows, { full }) {
      for (const row of rows) {
        const now = row.gone ? null : (row[what] ?? null);
        const began = full ? Date.parse(row[since]) > readAt && !document.getElementById(`${kind}-${row.id}`) : true;
        if (began && now !== (before.get(row.id) ?? null)) noteElsewhere(row.id);
        before.set(row.id, now);
      }
    },
  });
}
if ("chat" in page.dataset) follow("threads", "thread", "waiting_since", "waiting_since");
if ("clinical" in page.dataset) follow("visits", "visit", "status", "arrived_at");

function title() {
  const urgent = list.querySelectorAll('[data-level="P1"][data-open]').length;
  document.title = urgent ? `(${urgent}) ${page.dataset.title}` : page.dataset.title;
}
document.addEventListener("desk:counted", title);
title();

document.querySelector("[data-show-changes]")?.addEventListener("click", (event) => {
  if (needsLoading()) return; // the link loads the list anew
  event.preventDefault(); // the rows are here: no request is needed
  showAll();
});

// --- the side panel ---
async function showPanel(row) {
  if (!row?.dataset.panel || document.body.classList.contains("is-stale")) return;
  shownFor = row.id;
  try {
    const answer = await fetch(row.dataset.panel, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(8_000) });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const html = await answer.text();
    if (shownFor !== row.id) return;
    side.innerHTML = html; // our own server's template, escaped there
    side.setAttribute("aria-label", row.dataset.words);
    side.dispatchEvent(new Event("htmx:load", { bubbles: true })); // countdowns and charts in it come alive
  } catch {
    if (shownFor !== row.id) return;
    const words = document.createElement("p");
    words.className = "pad";
    words.textContent = `${row.dataset.words}. ${side.dataset.failed}`;
    side.replaceChildren(words);
  }
}
function refreshPanel() { const row = document.getElementById(shownFor); if (row) showPanel(row); }
list.addEventListener("row:select", (event) => showPanel(event.target));
list.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (row && !event.target.closest("a, button, form")) select(row);
});
const first = list.querySelector("[data-row]");
if (first && matchMedia("(min-width: 1101px)").matches) {
  first.setAttribute("aria-selected", "true");
  first.classList.add("sel");
  showPanel(first);
}

// --- not live: hatched, clocks instead of countdowns, what is held said as not yet received ---
function freeze(reason) {
  if (reason === "engine") return; // the list itself is current: the bar says what is not
  document.body.classList.add("is-stale");
  list.classList.add("frozen");
  for (const node of list.querySelectorAll("[data-countdown]")) {
    node.dataset.heldCountdown = node.dataset.countdown;
    node.removeAttribute("data-countdown");
    node.textContent = clockWords(Date.parse(node.dataset.heldCountdown)).slice(0, 5);
  }
  side.replaceChildren(document.getElementById("stale-side").content.cloneNode(true));
  side.querySelector("[data-known-since]").textContent = clockWords(known.since);
  side.querySelector("[data-known-engine]").textContent = known.engine == null ? "" : clockWords(known.since - known.engine * 1000);
  showHeld(held());
}
function thaw() {
  document.body.classList.remove("is-stale");
  list.classList.remove("frozen");
  for (const node of list.querySelectorAll("[data-held-countdown]")) {
    node.dataset.countdown = node.dataset.heldCountdown;
    node.removeAttribute("data-held-countdown");
    node.textContent = countdown(Date.parse(node.dataset.countdown) - serverNow());
  }
  refreshPanel();
}
function showHeld(all) {
  const box = side.querySelector("[data-held]");
  if (!box) return;
  box.replaceChildren(...all.flatMap((one) => {
    const when = document.createElement("dt"), what = document.createElement("dd"), not = document.createElement("b");
    when.textContent = clockWords(one.at);
    not.className = "ink1";
    not.textContent = box.dataset.word;
    what.append(one.words, " ", not);
    return [when, what];
  }));
  if (!all.length) box.append(Object.assign(document.createElement("dd"), { textContent: box.dataset.none }));
}
document.addEventListener("desk:stale", (event) => freeze(event.detail.reason));
document.addEventListener("desk:live", thaw);
document.addEventListener("desk:held", (event) => showHeld(event.detail));
document.addEventListener("visibilitychange", () => { if (!document.hidden && !restored) { restored = true; live.check(); } });
