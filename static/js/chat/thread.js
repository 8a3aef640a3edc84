// One conversation, live: new rows, what the other side has read, the composer with its outbox.
import { live } from "../live.js";
import { bringHelp, isDanger, isHelpShown, showHelp } from "./crisis.js";
import { isCut, markRead, send } from "./delivery.js";
import { Files } from "./files.js";
import { Outbox } from "./outbox.js";
import { Typing } from "./typing.js";
import { View } from "./view.js";

const AGAIN_MS = 10_000, PATIENCE_MS = 3_000;
const log = document.querySelector("[data-log][data-thread]");
const form = document.querySelector("[data-composer]");
const box = document.querySelector("[data-scroll]");
const strip = document.querySelector("[data-offline]");
const { thread, user, readUrl } = log.dataset;
const view = new View(log), typing = new Typing(`thread:${thread}`, log);
let marked = 0, marking = false;

// what scrolls: the desk's pane, or on a phone the page
const scroller = () => (box && box.scrollHeight > box.clientHeight + 1 ? box : document.scrollingElement);
const isAtEnd = () => scroller().scrollHeight - scroller().scrollTop - scroller().clientHeight < 160;
const toEnd = () => scroller().scrollTo({ top: scroller().scrollHeight });

const outbox = new Outbox(`chat:${user}:${thread}`, {
  deliver: (item) => send(thread, location.pathname, item),
  onChange: (items) => view.pending(items),
  onSent(item, sent) {
    view.add({ own: true, body: item.body, client_id: item.client, sent_at: sent.sent_at });
    if (sent.crisis) showHelp("sent");
  },
});

async function read() {
  const seq = view.last;
  if (document.hidden || marking || seq <= marked) return;
  marking = true;
  if (await markRead(thread, readUrl, seq)) marked = seq;
  marking = false;
  if (marked === seq) read();
}

live.follow(`thread:${thread}`, {
  after: view.last,
  onRows(rows) {
    const follows = isAtEnd(), waiting = new Set(outbox.items.map((item) => item.client));
    for (const row of rows) {
      if (waiting.has(row.client_id)) outbox.drop(row.client_id);
      view.add(row);
    }
    if (rows.length) typing.stop();
    if (rows.length && follows && !isHelpShown()) toEnd();
    read();
  },
  onRelay(frame, from) { typing.hear(frame, from); },
  onState(rows) { for (const row of rows) if (row.read) view.read(row.read); },
  onReset: () => location.reload(), // the database went back to an earlier time; the draft and the outbox stay here
});

let brokenSince = 0;
live.onStatus(({ state }) => {
  const broken = !["live", "blind", "connecting"].includes(state);
  brokenSince = broken ? brokenSince || performance.now() : 0;
  setTimeout(sayConnection, broken ? PATIENCE_MS : 0);
  if (state !== "connecting") { outbox.drain(); read(); }
});

function sayConnection() {
  const wasAtEnd = isAtEnd();
  strip.hidden = !isCut() && !(brokenSince && performance.now() - brokenSince >= PATIENCE_MS - 100);
  if (!strip.hidden && wasAtEnd && !isHelpShown()) toEnd(); // the strip must not lie over the last message
}

if (form) {
  const field = form.elements.body;
  const files = new Files(form, (sent) => {
    field.value = outbox.draft = "";
    view.add({ own: true, ...sent });
    if (sent.crisis) showHelp("sent"); else toEnd();
  });
  field.value ||= outbox.draft;
  field.addEventListener("input", () => { outbox.draft = field.value; typing.say(field.value); });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (files.isChosen) return files.send();
    if (!field.value.trim()) return field.focus();
    const text = field.value.trim(), danger = isDanger(text);
    outbox.add(text);
    field.value = outbox.draft = "";
    if (danger) showHelp("saved"); else toEnd();
    outbox.drain();
  });
  log.addEventListener("click", (event) => {
    const client = event.target.closest("[data-change]")?.closest("[data-client]").dataset.client;
    const text = client && outbox.takeBack(client);
    if (text) field.value = outbox.draft = [text, field.value].filter(Boolean).join("\n");
    if (text) field.focus();
  });
  setInterval(() => { if (outbox.waiting.length) outbox.drain(); }, AGAIN_MS);
}

view.pending(outbox.items);
document.body.classList.add("has-script");
document.addEventListener("visibilitychange", () => { if (!document.hidden) read(); });
document.addEventListener("session:lock", ({ detail }) => { if (!detail.locked && view.missed) location.reload(); });
addEventListener("online", () => { sayConnection(); outbox.drain(); });
addEventListener("offline", sayConnection);
sayConnection();
if (isHelpShown()) bringHelp(); else if (!location.hash) toEnd();
