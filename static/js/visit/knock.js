// Who waits to be let in, on every page of the desk: a bar for each, and a chime once for each arrival.
import { live } from "../live.js";
import { chime } from "./media.js";

const place = document.getElementById("knocks");
const here = place.dataset.here;
const zone = document.querySelector("[data-clock]")?.dataset.clock;
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit" });
const heard = new Set(), rows = new Map();
const title = document.title;

const waits = (row) => row.level === "knock"; // all that a locked screen is told of a row

function bar(row) {
  const node = document.getElementById(row.locked ? "knock-locked" : "knock").content.firstElementChild.cloneNode(true);
  node.dataset.knock = row.id;
  if (row.locked) return node;
  node.querySelector("[data-patient]").textContent = row.patient;
  node.querySelector("[data-clinician]").textContent = row.clinician;
  node.querySelector("[data-since]").textContent = clock.format(Date.parse(row.arrived_at ?? row.starts_at));
  node.querySelector("[data-waits]").hidden = !row.knocks;
  node.querySelector("[data-wants-call]").hidden = !row.by_phone;
  node.querySelector("[data-open-visit]").href = row.path;
  return node;
}

function draw() {
  const waiting = [...rows.values()].filter((row) => waits(row) && row.id !== here);
  place.replaceChildren(...waiting.filter((row) => !row.locked).map(bar), ...waiting.filter((row) => row.locked).slice(0, 1).map(bar));
  document.title = waiting.length ? `(${waiting.length}) ${title}` : title;
}

function sound(row) { // once for each arrival; a page that is opened later rings once for those who wait
  if (!waits(row)) heard.delete(row.id);
  else if (!heard.has(row.id)) {
    heard.add(row.id);
    chime();
  }
}

live.follow("visits", {
  onState(changed, { full }) {
    if (full) rows.clear();
    for (const row of changed) {
      if (row.gone) rows.delete(row.id);
      else { sound(row); rows.set(row.id, row); }
    }
    draw();
    document.dispatchEvent(new CustomEvent("visits:changed"));
  },
});
