// The session board: tiles over the socket, in the order of the chairs; overdue said in colour, words and sound.
import { live } from "../live.js";
import { TODAY, URGENT, tone } from "../desk/sound.js";
import { run } from "./clocks.js";
import "./taps.js";

const board = document.getElementById("board");
const empty = document.querySelector("[data-empty]");
const counts = document.querySelector("[data-counts]");
const tiles = () => [...board.querySelectorAll("[data-session].tile")];

function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html; // our own server's template, escaped there
  return holder.content.querySelector(".tile");
}

function typing(tile) { // a form that somebody fills in is not taken from under their fingers
  return [...tile.querySelectorAll("input:not([type=hidden])")].some((input) => input.value) || tile.contains(document.activeElement);
}

function put(row) {
  const before = document.getElementById(`session-${row.id}`);
  if (!row.html) return before && row.version !== Number(before.dataset.version) ? before.remove() : null;
  const tile = parse(row.html);
  const open = before && typing(before) ? before.querySelector("details.logcheck") : null;
  if (open) tile.querySelector("details.logcheck")?.replaceWith(open);
  if (tile.dataset.state === "act-now" && before?.dataset.state !== "act-now") tone(URGENT);
  if (before) before.replaceWith(tile);
  else board.append(tile);
  return tile;
}

function count() {
  const of = (state) => tiles().filter((tile) => tile.dataset.state === state).length;
  const said = [[of("act-now"), "act"], [of("overdue"), "overdue"], [of("on-time"), "time"], [of("waiting"), "wait"]];
  counts.textContent = said.filter(([number]) => number).map(([number, name]) => `${number} ${counts.dataset[name]}`).join(" · ");
  empty.hidden = tiles().length > 0;
}

function late(now) {
  for (const tile of tiles()) {
    if (tile.dataset.state !== "on-time" || !tile.dataset.next || Date.parse(tile.dataset.next) > now) continue;
    tile.dataset.state = "overdue";
    tile.classList.add("p2");
    tile.querySelector(".nx")?.classList.add("late2");
    tile.querySelector("[data-overdue]").hidden = false;
    tile.querySelector("[data-on-time]").hidden = true;
    tone(TODAY);
    count();
  }
}

const tick = run(late);
live.follow("sessions", {
  onState(rows, { full }) {
    if (full) {
      const there = new Set(rows.filter((row) => !row.gone).map((row) => `session-${row.id}`));
      for (const tile of tiles()) if (!there.has(tile.id)) tile.remove();
    }
    for (const row of rows) if (!row.locked) put(row);
    board.dispatchEvent(new Event("htmx:load", { bubbles: true })); // countdowns of new tiles run at once
    tick();
    count();
  },
});
count();
