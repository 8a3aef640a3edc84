// The desk's list of threads: fetched again when a thread in it changed, or one came that belongs there.
import { live } from "../live.js";
import { serverNow } from "../ui/clock.js";

const PAUSE_MS = 700, TICK_MS = 20_000;
const list = document.querySelector("[data-threads]");
const all = list.dataset.threads.includes("show=all");
let timer = 0;

const shown = () => new Map([...list.querySelectorAll("[data-id]")].map((line) => [line.dataset.id, Number(line.dataset.version)]));

function matters(row, lines) {
  if (lines.has(row.id)) return row.gone || row.version !== lines.get(row.id);
  return !row.gone && (all || Boolean(row.waiting_since) || (row.staff_only && row.unread > 0));
}

async function refresh() {
  if (list.contains(document.activeElement) && document.activeElement.matches("input")) return later();
  try {
    const answer = await fetch(list.dataset.threads, { redirect: "manual" });
    if (!answer.ok) return;
    const href = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    list.innerHTML = await answer.text();
    if (href) list.querySelector(`a[href="${CSS.escape(href)}"]`)?.focus();
  } catch {
    later(); // no connection: again after the pause
  }
}

// "22 min", "1 h 52", "3 d 4 h", as the server says it
function words(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000)), hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours ? `${hours} h ${String(minutes % 60).padStart(2, "0")}` : `${minutes} min`;
}

function tick() {
  for (const node of list.querySelectorAll("[data-waits]")) node.textContent = words(serverNow() - Date.parse(node.dataset.waits));
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE_MS * (document.hidden ? 10 : 1));
}

setInterval(tick, TICK_MS);
live.follow("threads", {
  onState(rows) {
    const lines = shown();
    if (rows.some((row) => matters(row, lines))) later();
  },
});
