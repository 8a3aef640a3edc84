// Reads and writes the answers of the page's questions, as the server's instruments know them.
import { enhance } from "../ui/slider.js";

export const all = (form) => [...form.querySelectorAll("[data-question]")];
export const name = (question) => question.dataset.question;

export function useSliders(form) {
  for (const template of form.querySelectorAll("template[data-slider]")) {
    template.parentElement.querySelector(".field[data-plain]")?.remove();
    const card = template.content.firstElementChild.cloneNode(true);
    template.replaceWith(card);
    enhance(card);
  }
}

function raw(question) {
  if (question.dataset.kind === "range") {
    const card = question.querySelector(".scale");
    return "empty" in card.dataset ? null : card.querySelector("input").value;
  }
  if (question.dataset.kind === "text") return question.querySelector("textarea").value.trim() || null;
  return question.querySelector("input:checked")?.value ?? null;
}

export function value(question) {
  const found = raw(question);
  if (found === null || question.dataset.kind === "text") return found;
  return question.dataset.kind === "boolean" ? found === "true" : Number(found);
}

export function put(question, answer) {
  const text = answer === null ? "" : String(answer);
  if (question.dataset.kind === "text") question.querySelector("textarea").value = text;
  else if (question.dataset.kind === "range") {
    const card = question.querySelector(".scale");
    card.querySelector("input").value = text;
    card.querySelector("input").dispatchEvent(new Event("input"));
  } else for (const radio of question.querySelectorAll("input")) radio.checked = radio.value === text;
}

export function clear(question) {
  for (const radio of question.querySelectorAll("input[type=radio]")) radio.checked = false;
}

export function asked(question, form) {
  const needs = question.dataset.needs;
  if (!needs) return true;
  const other = all(form).find((candidate) => name(candidate) === needs);
  return String(value(other)) === question.dataset.needsValue;
}

export const opens = (question, kind) => (question.dataset[kind] ?? "").split(" ").filter(Boolean).includes(String(value(question)));
export const settled = (question) => value(question) !== null || "skipped" in question.dataset;
