// One-letter keys for lists. Rows carry data-row (and data-href); controls carry data-key="m".
// A control with data-key-focus, or any submit button, is only focused: a single key never changes a record.
// The whole thing can be switched off (WCAG 2.1.4) in the list that "?" opens.
import { open } from "./dialog.js";

const KEY = "single-keys";

function enabled() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

function busy(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (document.querySelector("dialog[open]")) return true;
  return Boolean(event.target.closest('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable], [role="slider"]'));
}

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility?.() ?? true);
const current = () => document.querySelector('[data-row][aria-selected="true"]');

export function select(row) {
  if (!row) return;
  const before = current();
  before?.setAttribute("aria-selected", "false");
  before?.classList.remove("sel");
  row.setAttribute("aria-selected", "true");
  row.classList.add("sel");
  row.scrollIntoView({ block: "nearest" });
  const link = row.querySelector("a");
  link?.focus({ preventScroll: true });
  row.dispatchEvent(new CustomEvent("row:select", { bubbles: true }));
}

function move(by) {
  const all = rows();
  const at = all.indexOf(current());
  select(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

function control(key) {
  const named = `[data-key="${CSS.escape(key)}"]`;
  return current()?.querySelector(named) ?? document.querySelector(`main ${named}`) ?? document.querySelector(named);
}

function use(node) {
  const changes = node.matches('button:not([type="button"]), input, [data-key-focus]');
  if (changes) node.focus();
  else node.click();
}

function press(event) {
  if (busy(event) || !enabled()) return;
  const { key } = event;
  if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (key === "?") open(document.querySelector("dialog[data-keys]"));
  else if (key === "Enter") {
    const row = current();
    if (!row?.dataset.href || event.target.closest("a, button, summary, label")) return;
    location.assign(row.dataset.href);
  } else {
    const node = key.length === 1 ? control(key) : null;
    if (!node) return;
    use(node);
  }
  event.preventDefault();
}

document.addEventListener("keydown", press);
for (const box of document.querySelectorAll("[data-keys-switch]")) {
  box.checked = enabled();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, box.checked ? "on" : "off");
    } catch {
      // storage refused: the keys stay on for this page only
    }
  });
}
