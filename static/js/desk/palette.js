// Ctrl K or Cmd K: go to a patient or a page. What it finds comes from the server, by what the person may see.
import { open } from "../ui/dialog.js";

const dialog = document.getElementById("palette");
const find = document.getElementById("palette-find");
const rows = document.getElementById("palette-rows");
const says = dialog.querySelector("[data-palette-says]");
let timer = 0;
let asked = 0;

function option(row, number) {
  const item = document.createElement("li");
  item.id = `palette-row-${number}`;
  item.setAttribute("role", "option");
  item.dataset.href = row.href;
  item.textContent = row.words;
  if (row.more) item.append(" ", Object.assign(document.createElement("small"), { className: "muted", textContent: row.more }));
  return item;
}

function choose(item) {
  for (const other of rows.children) other.setAttribute("aria-selected", String(other === item));
  find.setAttribute("aria-activedescendant", item?.id ?? "");
  item?.scrollIntoView({ block: "nearest" });
}
const chosen = () => rows.querySelector('[aria-selected="true"]');

async function ask() {
  const mine = ++asked;
  try {
    const answer = await fetch(`${dialog.dataset.palette}?${new URLSearchParams({ q: find.value })}`, { headers: { Accept: "application/json", "HX-Request": "true" } });
    const found = (await answer.json()).rows ?? [];
    if (mine !== asked) return;
    rows.replaceChildren(...found.map(option));
    says.textContent = found.length ? "" : dialog.dataset.none;
    choose(rows.firstElementChild);
  } catch {
    if (mine === asked) says.textContent = dialog.dataset.failed;
  }
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open(dialog);
  }
});
dialog.addEventListener("dialog:open", () => {
  find.value = "";
  find.focus();
  ask();
});
find.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 120); });
find.addEventListener("keydown", (event) => {
  const at = [...rows.children].indexOf(chosen());
  if (event.key === "ArrowDown") choose(rows.children[at + 1] ?? chosen());
  else if (event.key === "ArrowUp") choose(rows.children[at - 1] ?? chosen());
  else if (event.key === "Enter" && chosen()) location.assign(chosen().dataset.href);
  else return;
  event.preventDefault();
});
rows.addEventListener("click", (event) => {
  const item = event.target.closest("[data-href]");
  if (item) location.assign(item.dataset.href);
});
