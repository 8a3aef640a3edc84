// The desk's list of threads: fetched again when a thread in it changed, or one came that belongs there.
import { live } from "../live.js";

const PAUSE_MS = 700;
const list = document.querySelector("[data-threads]");
const all = list.dataset.threads.includes("show=all");
let timer = 0;

const shown = () => new Map([...list.querySelectorAll("[data-id]")].map((line) => [line.dataset.id, Number(line.dataset.version)]));

function matters(row, lines) {
  if (lines.has(row.id)) return row.gone || row.version !== lines.get(row.id);
  return !row.gone && (all || Boolean(row.waiting_since));
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

function later() {
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE_MS * (document.hidden ? 10 : 1));
}

live.follow("threads", {
  onState(rows) {
    const lines = shown();
    if (rows.some((row) => matters(row, lines))) later();
  },
});
