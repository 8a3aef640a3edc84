// Answers kept ready: "t" or the button opens them, in an empty box "/" does; typing finds, arrows move, Enter puts in.
import { open } from "../ui/dialog.js";

const dialog = document.querySelector("[data-ready]");
const field = document.querySelector("[data-composer] [name=body]");
const find = dialog?.querySelector("[data-ready-find]");
const none = dialog?.querySelector("[data-ready-none]");
const lines = [...(dialog?.querySelectorAll("[data-ready-list] > li") ?? [])];
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const shown = () => lines.filter((line) => !line.hidden);

function mark(line) {
  for (const one of lines) one.classList.toggle("on", one === line);
  line?.scrollIntoView({ block: "nearest" });
}

function filter() {
  const words = plain(find.value).split(/\s+/).filter(Boolean);
  for (const line of lines) line.hidden = !words.every((word) => plain(line.textContent).includes(word));
  none.hidden = shown().length > 0;
  mark(shown()[0]);
}

function move(by) {
  const all = shown(), at = all.findIndex((line) => line.classList.contains("on"));
  mark(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

function put(line) {
  const text = line.querySelector("button").dataset.body;
  dialog.close();
  const [from, to] = [field.selectionStart, field.selectionEnd];
  const gap = from > 0 && !/\s$/.test(field.value.slice(0, from)) ? "\n" : "";
  field.setRangeText(gap + text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(() => field.focus()); // after the dialog gave the focus back to what opened it
}

if (dialog && field) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "/" || field.value || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    open(dialog, field);
  });
}
if (find && field) {
  dialog.addEventListener("dialog:open", () => { find.value = ""; filter(); find.focus(); });
  find.addEventListener("input", filter);
  find.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter") {
      const line = shown().find((one) => one.classList.contains("on"));
      if (line) put(line);
    } else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => {
    const line = event.target.closest("[data-ready-list] > li");
    if (line) put(line);
  });
}
