// Is this screen live? The socket, the alert engine's beat (by socket and by /health/alerts), said in words and colour.
// Fires desk:stale and desk:live on the document; each page freezes or thaws what it shows.
import { live } from "../live.js";
import { serverNow, setServerNow } from "../ui/clock.js";
import { CUT_OFF, tone } from "./sound.js";

const CALM_MS = 10_000; // a socket that comes back within this time alarms nobody
const BEAT_S = 28; // an engine that is silent for longer is not trusted: said within 30 s, looked at each second
const POLL_MS = 15_000;
const zone = document.querySelector("[data-clock]")?.dataset.clock || undefined;
const indicator = document.querySelector("[data-live]");
const slot = document.getElementById("alarm");
const began = performance.now();
let reason = "";
let unhealthy = false; // what /health/alerts said last; unreachable says nothing: the socket decides
let announced = null;
export const known = { since: serverNow(), engine: null };

const clockWords = (at) => new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
export { clockWords };

function judge(status) {
  if (status.state === "signed-out" || status.state === "revoked") return "over";
  if (status.state === "replaced") return "replaced";
  const quiet = performance.now() - (status.checkedAt ?? began);
  if (status.state !== "live" && status.state !== "blind" && quiet > CALM_MS) return "socket";
  if (quiet > 45_000) return "socket";
  // The age as it was told, and what has passed since: the bar does not wait for the next answer.
  if (unhealthy || status.engineAge === null || status.engineAge + quiet / 1_000 > BEAT_S) return "engine";
  return "";
}

function show() {
  const status = live.status;
  if (status.checkedAt !== null && status.state === "live") known.since = serverNow() - (performance.now() - status.checkedAt);
  reason = judge(status);
  if (indicator) {
    const good = (!reason || reason === "engine") && status.state === "live";
    indicator.hidden = status.checkedAt === null && !reason;
    indicator.classList.toggle("bad", !good);
    indicator.querySelector("[data-live-word]").textContent = good ? indicator.dataset.wordLive : indicator.dataset.wordLost;
    const age = Math.round((performance.now() - (status.checkedAt ?? began)) / 1000);
    indicator.querySelector("[data-live-age]").textContent = good ? `${indicator.dataset.wordChecked} ${relative.format(-age, "second")}` : `${indicator.dataset.wordFrom} ${clockWords(known.since)}`;
  }
  if (reason !== announced) announce();
}
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { style: "short", numeric: "always" });

function announce() {
  const was = announced;
  announced = reason;
  slot?.replaceChildren();
  if (reason) {
    const bar = document.getElementById("alarm-bar")?.content.cloneNode(true);
    if (bar && slot) {
      const words = bar.querySelector("[data-alarm-words]");
      words.textContent = words.dataset[reason];
      bar.querySelector("[data-alarm-since]").textContent = clockWords(known.since);
      slot.append(bar);
    }
    tone(CUT_OFF);
  }
  if (reason || was) document.dispatchEvent(new CustomEvent(reason ? "desk:stale" : "desk:live", { detail: { reason } }));
}

async function poll() {
  try {
    const answer = await fetch("/health/alerts", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8_000) });
    if (answer.ok || answer.status === 503) unhealthy = answer.status === 503;
  } catch {
    unhealthy = false; // no answer is no verdict: the socket's own figures count
  }
  show();
}

live.onStatus((status) => {
  if (status.serverNow) setServerNow(status.serverNow);
  if (status.engineAge !== undefined) known.engine = status.engineAge;
  show();
});
setInterval(show, 1_000);
setInterval(() => live.check(), 10_000); // between the socket's own pings
setInterval(poll, POLL_MS);
document.addEventListener("click", (event) => { if (event.target.closest("[data-try-now]")) { live.check(); poll(); } });
