// The question page: each answer is kept on the phone and sent as it is given.
import * as cards from "./cards.js";
import { Draft, newId } from "./draft.js";
import { register } from "./offline.js";
import { Pager } from "./pager.js";
import { all, clear, name, put, useSliders, value } from "./questions.js";
import { Sender } from "./sender.js";

const form = document.querySelector("form[data-survey]");
const words = form.dataset;
const status = form.querySelector("[data-status]");
const icon = form.querySelector("[data-status-icon]");
const draft = new Draft(words.survey);
const known = new Map(); // what the draft or the server has of each item
const clock = new Intl.DateTimeFormat(document.documentElement.lang || "en", { numberingSystem: "latn", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
let leaving = false;

const say = (text, good = false) => { status.textContent = text; icon.hidden = !good; };
const question = (linkId) => all(form).find((candidate) => name(candidate) === linkId);
const local = () => say(draft.kept ? words.wordLocal : words.wordFull, draft.kept);

const sender = new Sender(draft, {
  answerUrl: words.answer,
  submitUrl: words.submit,
  csrf: () => form.elements.csrfmiddlewaretoken.value,
  listener: {
    sent(answer, reply) {
      say(reply.message || words.wordSent.replace("%t", clock.format(new Date(reply.received_at))), true);
      if (known.get(answer.link_id) === answer.client_id) cards.show(question(answer.link_id), "sent");
    },
    refused(answer, reply) { say(reply.message || words.wordRefused); },
    waiting() { say(navigator.onLine && draft.kept ? words.wordLocal : draft.kept ? words.wordOffline : words.wordFull); },
    over() { say(words.wordOver); },
    submitted(reply) { leaving = true; location.assign(reply.next); },
  },
});

function record(asked, { skipped = false } = {}) {
  const answer = {
    link_id: name(asked), value: skipped ? null : value(asked), skipped, client_id: newId(),
    answered_at: new Date().toISOString(), presentation: "list" in form.dataset ? "list" : "pages",
  };
  asked.toggleAttribute("data-skipped", skipped);
  known.set(answer.link_id, answer.client_id);
  draft.add(answer);
  local();
  const card = !skipped && cards.show(asked, "saved");
  sender.flush();
  return card;
}

function skip(asked) {
  clear(asked);
  record(asked, { skipped: true });
}

function send() {
  say(words.wordSending);
  draft.wantSubmit();
  sender.flush();
}

// a note is sent when it is left, not at each letter
function leave(asked) {
  if (asked.dataset.kind === "text" && asked.dataset.typed === "yes") { asked.dataset.typed = ""; record(asked); }
}

useSliders(form);
for (const answer of draft.state.queue) {
  const asked = question(answer.link_id);
  if (!asked) continue;
  if (answer.skipped) clear(asked); else put(asked, answer.value);
  asked.toggleAttribute("data-skipped", answer.skipped);
  known.set(answer.link_id, answer.client_id);
}
const pager = new Pager(form, { leave, skip, send, turned: cards.turn });
cards.wire();

form.addEventListener("change", (event) => {
  const asked = event.target.closest("[data-question]");
  if (!asked || event.target.form !== form) return;
  asked.dataset.typed = "";
  const card = record(asked);
  const tapped = performance.now() - lastTap < 400 && event.target.type === "radio";
  if ("advance" in form.dataset && tapped && !card && !("list" in form.dataset)) setTimeout(() => pager.go(pager.at + 1), 250);
});
let lastTap = -1000;
form.addEventListener("pointerup", () => { lastTap = performance.now(); });
form.addEventListener("input", (event) => {
  const asked = event.target.closest("[data-question]");
  if (asked?.dataset.kind === "text") asked.dataset.typed = "yes";
});
form.addEventListener("submit", (event) => {
  if (event.submitter?.name === "confirm") return; // the list with a script that came late: as without one
  event.preventDefault();
  const open = pager.shown.find((asked) => !("optional" in asked.dataset) && !("skipped" in asked.dataset) && value(asked) === null);
  if (open) { pager.list(false); pager.go(pager.shown.indexOf(open)); } else { all(form).forEach(leave); send(); }
});
addEventListener("beforeunload", (event) => { if (!draft.kept && !leaving) event.preventDefault(); });
document.querySelector("[data-fault]")?.focus();
if (draft.next || draft.state.submit) { local(); sender.flush(); }
register();
