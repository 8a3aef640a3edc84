// A 0-100 question: range with Lower and Higher buttons. Unanswered until touched (data-empty on the card).
// Markup: .scale[data-empty][data-unit="out of 100"] > output + .slide > input[type=range] + .steps > button[data-step]
const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

function paint(card, input, output) {
  const empty = "empty" in card.dataset;
  const unit = card.dataset.unit ?? "";
  const span = (Number(input.max) - Number(input.min)) || 1;
  input.style.setProperty("--v", empty ? 0 : ((Number(input.value) - Number(input.min)) / span) * 100);
  if (empty) {
    input.setAttribute("aria-valuetext", card.dataset.unanswered ?? "");
    return;
  }
  input.setAttribute("aria-valuetext", `${input.value} ${unit}`.trim());
  const small = document.createElement("small");
  small.textContent = unit;
  output.replaceChildren(input.value, small);
}

const ready = new WeakSet(); // htmx reports the first page as well: nobody steps twice

export function enhance(card) {
  if (ready.has(card)) return;
  ready.add(card);
  const input = card.querySelector('input[type="range"]');
  const output = card.querySelector("output");
  const name = input.name;
  if ("empty" in card.dataset) input.removeAttribute("name"); // an untouched slider sends nothing

  const answered = () => {
    delete card.dataset.empty;
    input.name = name;
    paint(card, input, output);
  };
  input.addEventListener("input", answered);
  // A tap on the middle changes no value, so no input event: the touch itself is the answer.
  input.addEventListener("pointerup", () => {
    if (!("empty" in card.dataset)) return;
    answered();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("keydown", (event) => {
    if ("empty" in card.dataset && KEYS.includes(event.key)) answered();
  });
  for (const button of card.querySelectorAll("button[data-step]")) {
    button.addEventListener("click", () => {
      input.value = Number(input.value) + Number(button.dataset.step);
      answered();
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  card.querySelectorAll(".steps[hidden]").forEach((steps) => { steps.hidden = false; });
  paint(card, input, output);
}

document.querySelectorAll(".scale").forEach(enhance);
document.addEventListener("htmx:load", (event) => event.target.querySelectorAll?.(".scale").forEach(enhance));
