// On the home and check-in pages: answers that were given without a network, or after the session had ended, go out now.
import { Draft, drafts } from "./draft.js";
import { register } from "./offline.js";
import { Sender } from "./sender.js";

const note = document.querySelector("[data-waiting]");

function resume(slot) {
  const draft = new Draft(slot);
  if (!draft.next && !draft.state.submit) return draft.write();
  const say = (text) => { if (note) { note.hidden = !text; note.querySelector("[data-waiting-words]").textContent = text; } };
  const { wordWaiting, wordSent, wordRefused } = note?.dataset ?? {};
  const listener = {
    sent: () => { if (!draft.next) say(wordSent); },
    refused: (_answer, reply) => say(reply.message || wordRefused),
    waiting: () => say(wordWaiting),
    over: () => {},
    submitted: () => location.reload(),
  };
  const url = (verb) => `/survey/${slot}/${verb}/`;
  say(wordWaiting);
  const csrf = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  return new Sender(draft, { answerUrl: url("answer"), submitUrl: url("submit"), csrf, listener }).flush();
}

drafts().forEach(resume);
register();
