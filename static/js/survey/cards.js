// The crisis card and the urgent card: in place at once, under the question, before Next; also without a network.
// Until the server has the answer the card never says that the team has it.
import { opens } from "./questions.js";

const crisis = document.querySelector("[data-crisis]");
const urgent = document.querySelector("[data-urgent-card]");

function say(card, state) {
  for (const line of card.querySelectorAll("[data-when]")) line.hidden = line.dataset.when !== state;
}

export function cardFor(question) {
  if (crisis && opens(question, "unsafe")) return crisis;
  return urgent && opens(question, "urgent") ? urgent : null;
}

// one question a screen: under the line that says what was saved; in the list: under its question
function place(card, question) {
  if ("screen" in question.dataset) question.closest("form").querySelector("[data-cards]").append(card);
  else question.append(card);
}

// another screen: a card stays with its question
export function turn(question) {
  for (const card of [crisis, urgent]) {
    if (!card?.dataset.at) continue;
    const mine = card.dataset.at === question.dataset.question || !("screen" in question.dataset);
    card.hidden = !mine || "closed" in card.dataset;
  }
}

export function show(question, state) {
  const card = cardFor(question);
  if (!card) return false;
  say(card, state);
  if (card.dataset.at !== question.dataset.question || card.hidden) {
    if (card.dataset.at) card.dataset.short = ""; // it was read before in this form: the second time it is short
    card.dataset.at = question.dataset.question;
    place(card, question);
    card.hidden = false;
    delete card.dataset.closed;
    card.querySelector("[data-safe]").hidden = false;
    card.querySelector("h2").focus();
  }
  return true;
}

function close(card) {
  card.hidden = true;
  card.dataset.closed = "";
}

async function post(form, status, offline) {
  status.textContent = "";
  try {
    const response = await fetch(form.action, {
      method: "POST", credentials: "same-origin", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(form)),
    });
    const reply = await response.json();
    status.textContent = reply.message;
  } catch {
    status.textContent = offline; // never claim that it went out
  }
}

export function wire() {
  for (const card of [crisis, urgent]) {
    const safe = card?.querySelector("[data-safe]");
    if (!safe) continue;
    safe.addEventListener("click", () => close(card));
    safe.hidden = card.hidden; // one that the server has opened can be closed as well
  }
  const words = document.querySelector("[data-call-words]");
  const sendings = [["[data-call]", "[data-call-status]"], ["[data-where-form]", "[data-where-status]"]];
  for (const [selector, target] of sendings) {
    const form = document.querySelector(selector);
    const status = document.querySelector(target);
    if (!form || !status) continue;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      post(form, status, words?.dataset.offline ?? "");
    });
  }
}
