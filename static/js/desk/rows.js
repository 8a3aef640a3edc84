// The rows of the worklist: html that came over the socket, put where it belongs, without moving anything under the
// pointer. A row that is there is replaced in its place; what would move others waits until it is asked for, except
// a new "Act now": it is shown at once in the strip over the column heads, and stands in the list as soon as neither
// pointer nor focus is in there.
const list = document.querySelector("[data-list]");
const strip = document.querySelector("[data-notice]");
const waiting = new Map(); // row id to its html, null for one that left
const elsewhere = new Set(); // rows of which only the server can make html: messages and visits

function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = `<table><tbody>${html}</tbody></table>`; // our own server's template, escaped there
  return holder.content.querySelector("tr");
}

const occupied = () => list.matches(":hover") || (list.contains(document.activeElement) && document.activeElement !== list);
const body = (bucket) => list.querySelector(`tbody[data-bucket="${CSS.escape(bucket)}"]`);

function recount() {
  for (const part of list.querySelectorAll("tbody[data-bucket]")) {
    const rows = part.querySelectorAll("[data-row]").length;
    part.hidden = rows === 0;
    part.querySelector("[data-count]").textContent = rows;
  }
  const empty = list.querySelector(".empty");
  if (empty) empty.hidden = Boolean(list.querySelector("[data-row]"));
  list.dispatchEvent(new Event("htmx:load", { bubbles: true })); // countdowns of new rows run at once
  document.dispatchEvent(new CustomEvent("desk:counted"));
}

function place(row) {
  document.getElementById(row.id)?.remove();
  const part = body(row.dataset.bucket);
  const after = [...part.querySelectorAll("[data-row]")].find((other) => other.dataset.rank > row.dataset.rank);
  part.insertBefore(row, after ?? null);
}

function keepSelection(before, row) {
  if (before.getAttribute("aria-selected") !== "true") return;
  row.setAttribute("aria-selected", "true");
  row.classList.add("sel");
}

function say() {
  const changes = waiting.size + elsewhere.size;
  strip.hidden = changes === 0;
  if (!changes) return;
  const words = strip.querySelector("[data-notice-words]");
  const urgent = [...waiting.values()].map((html) => html && parse(html)).find((row) => row?.dataset.level === "P1" && "open" in row.dataset);
  strip.classList.toggle("urgent", Boolean(urgent));
  const many = changes === 1 ? words.dataset.one : words.dataset.many.replace("%n", changes);
  words.textContent = urgent ? `${urgent.dataset.words}. ${many}` : many;
}

// One row as the socket brought it. Returns "new" for a row that was not there, "changed", "gone" or "".
export function take(id, html, gone) {
  const old = document.getElementById(id);
  if (gone) {
    waiting.delete(id);
    if (!old) { say(); return ""; }
    old.classList.add("settled");
    for (const control of old.querySelectorAll("button, a.btn")) control.toggleAttribute("inert", true);
    waiting.set(id, null);
    settle();
    return "gone";
  }
  const row = parse(html);
  if (!row) return "";
  if (old) {
    if (old.dataset.version === row.dataset.version) return "";
    const moves = old.dataset.bucket !== row.dataset.bucket || old.dataset.rank !== row.dataset.rank;
    const focused = old.contains(document.activeElement);
    keepSelection(old, row);
    old.replaceWith(row);
    if (focused) row.querySelector("a")?.focus({ preventScroll: true });
    if (moves) { row.dataset.stays = ""; waiting.set(id, html); } else waiting.delete(id);
    settle();
    return "changed";
  }
  waiting.set(id, html);
  settle();
  return "new";
}

// Only a new "Act now" may enter by itself, and only while nobody is at the list.
function settle() {
  if (!occupied()) {
    for (const [id, html] of waiting) {
      const row = html && !document.getElementById(id) ? parse(html) : null;
      if (row?.dataset.level !== "P1") continue;
      waiting.delete(id);
      place(row);
      row.classList.add("fresh");
    }
  }
  recount();
  say();
}

export function showAll() {
  for (const [id, html] of waiting) {
    if (html === null) document.getElementById(id)?.remove();
    else {
      const row = parse(html);
      const old = document.getElementById(id);
      if (old) keepSelection(old, row);
      place(row);
    }
  }
  waiting.clear();
  recount();
  say();
}

// A message or a visit changed: said, and shown by loading the list anew.
export function noteElsewhere(id) {
  elsewhere.add(id);
  say();
}

export const needsLoading = () => elsewhere.size > 0;
list?.addEventListener("pointerleave", settle);
