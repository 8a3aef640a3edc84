// Everything that is tapped in a session goes through a queue in this browser: with its own time, in order, kept over a
// closed tab, sent again until the server has it. The server knows each by its client id, so twice is once.
import { live } from "../live.js";
import { Outbox } from "../chat/outbox.js";
import { serverNow } from "../ui/clock.js";

const line = document.querySelector("[data-taps]");
const words = line.querySelector("[data-taps-words]");
const drop = line.querySelector("[data-taps-drop]");
const token = document.querySelector("form[data-csrf] input").value;
const NUMBERS = new Set(["sbp", "dbp", "hr", "spo2", "rr", "score", "grade"]);

async function deliver(item) {
  const { session, ...event } = item.body;
  try {
    const answer = await fetch(`/desk/sessions/${session}/events/`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ events: [{ ...event, client_id: item.client }] }),
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.headers.get("Content-Type")?.includes("json")) return { later: true, unsure: false };
    const said = await answer.json();
    if (said.taken?.includes(item.client)) return { sent: said };
    return { refused: said.refused?.[item.client]?.[1] ?? said.words ?? "" };
  } catch {
    return { later: true, unsure: true };
  }
}

function show(items) {
  const refused = items.filter((item) => item.state === "refused");
  const waiting = items.length - refused.length;
  line.hidden = !items.length;
  drop.hidden = !refused.length;
  const said = refused.map((item) => `${line.dataset.refused}: ${item.words}`);
  if (waiting) said.unshift(waiting === 1 ? line.dataset.one : line.dataset.many.replace("%n", waiting));
  words.textContent = said.join(" ");
  line.dataset.waiting = waiting;
}

const queue = new Outbox(`taps:${line.dataset.taps}`, {
  deliver,
  onChange: show,
  onSent: () => document.dispatchEvent(new CustomEvent("session:sent")),
});

export function tap(session, fields) {
  queue.add({ session, ...fields, occurred_at: new Date(serverNow()).toISOString() });
  queue.drain();
}

function read(form, submitter) {
  const fields = {};
  for (const [name, value] of new FormData(form, submitter)) {
    if (name === "csrfmiddlewaretoken" || name === "back" || value === "") continue;
    fields[name] = NUMBERS.has(name) && /^\d+$/.test(value.trim()) ? Number(value) : value;
  }
  return fields;
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-tap]");
  if (!form) return;
  event.preventDefault();
  tap(form.dataset.session, read(form, event.submitter));
  form.reset();
  form.closest("details.logcheck")?.removeAttribute("open");
});
drop.addEventListener("click", () => {
  for (const item of queue.items) if (item.state === "refused") queue.drop(item.client);
});

const again = () => queue.drain();
show(queue.items);
again();
addEventListener("online", again);
live.onStatus(({ state }) => { if (state === "live") again(); });
setInterval(again, 5_000);
