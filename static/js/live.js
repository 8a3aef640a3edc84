// The one live socket of a page (docs/live.md). It opens when the page first asks for something, comes back by
// itself after a break, and never throws.
//   live.follow(topic, {after, have, onRows, onState, onRelay, onReset, onRefused}) -> stop()
//   live.command(name, payload) -> Promise of the done frame; refused with {code, message}: "offline" when there is
//     no connection, "unsure" when it broke before the answer (the same client id again is harmless)
//   live.relay(topic, frame) -> was it sent         live.onStatus(fn) -> stop()         live.status
import { Topic } from "./live/topic.js";

const PING_MS = 20_000, SILENT_MS = 45_000, ANSWER_MS = 10_000;
const ENDED = { 4401: "signed-out", 4403: "revoked" };
const topics = new Map(), waiting = new Map(), watchers = new Set();
let address = null, keen = false;
let socket = null, welcomed = false, tries = 0, timer = 0, heardAt = 0, number = 0, epoch = null;

// state: connecting, live, blind (connected, but something behind the socket is away), broken, replaced, signed-out, revoked
let status = { state: "connecting", checkedAt: null, engineAge: undefined, serverNow: null };

function say(change) {
  status = { ...status, ...change };
  for (const watcher of [...watchers]) try { watcher(status); } catch (error) { console.error("live status", error); }
}

function send(frame) {
  if (!welcomed || socket?.readyState !== WebSocket.OPEN) return false;
  try { socket.send(JSON.stringify(frame)); return true; } catch { return false; }
}

function ping() {
  const heads = {};
  for (const topic of topics.values()) if (topic.isLog) heads[topic.name] = topic.last;
  send({ type: "ping", heads });
}

const health = (frame) => ({
  state: frame.live === false || frame.database === false ? "blind" : "live",
  checkedAt: performance.now(),
  ...("engine_age_s" in frame && { engineAge: frame.engine_age_s, serverNow: frame.server_now }),
});

const heard = {
  welcome(frame) {
    tries = 0;
    welcomed = true;
    if (epoch && epoch !== frame.epoch) for (const topic of topics.values()) topic.forget();
    epoch = frame.epoch;
    say({ ...health(frame), user: frame.user });
    for (const topic of topics.values()) send(topic.followFrame());
  },
  pong(frame) { say(health(frame)); },
  status(frame) { say(health(frame)); },
  rows(frame) { const topic = topics.get(frame.topic); if (topic) send(topic.onRows(frame)); },
  state(frame) { topics.get(frame.topic)?.onState(frame); },
  relay(frame) { topics.get(frame.topic)?.tell("onRelay", frame.frame, frame.from); },
  done(frame) { answer(frame.id, "resolve", frame); },
  refused(frame) {
    answer(frame.id, "reject", { code: frame.code, message: frame.message });
    topics.get(frame.id)?.tell("onRefused", frame);
  },
};

function answer(id, how, what) {
  const asked = waiting.get(id);
  waiting.delete(id);
  clearTimeout(asked?.timer);
  asked?.[how](what);
}

function open() {
  clearTimeout(timer);
  if (socket && socket.readyState < WebSocket.CLOSING) return;
  address ??= document.querySelector("[data-live-address]")?.dataset.liveAddress ?? "/ws/"; // a call's guest has one of their own
  const mine = (socket = new WebSocket(new URL(address, location.href.replace(/^http/, "ws"))));
  heardAt = performance.now();
  mine.onmessage = ({ data }) => {
    if (mine !== socket) return;
    heardAt = performance.now();
    try { const frame = JSON.parse(data); heard[frame.type]?.(frame); } catch (error) { console.error("live", error); }
  };
  mine.onclose = ({ code }) => { if (mine === socket) closed(code); };
}

function closed(code) {
  welcomed = false;
  for (const id of [...waiting.keys()]) answer(id, "reject", { code: "unsure", message: "" });
  if (ENDED[code] || code === 4409) return say({ state: ENDED[code] ?? "replaced" });
  say({ state: "broken" });
  const most = Math.min(keen ? 2_000 : 30_000, (code === 1012 ? 2_000 : 500) * 2 ** tries++); // 1012: the server restarts, for all
  timer = setTimeout(open, most * (0.5 + Math.random())); // jitter: a restart must not bring everybody at once
}

setInterval(() => { if (socket) ping(); }, PING_MS);
setInterval(() => {
  if (socket?.readyState > WebSocket.OPEN || !socket || performance.now() - heardAt < SILENT_MS) return;
  const silent = socket;
  socket = null; // its close event may take minutes on a dead network
  silent.close();
  closed(0);
}, 5_000);
const again = () => { if (["broken", "replaced"].includes(status.state)) { tries = 0; open(); } else if (socket) ping(); };
addEventListener("online", again);
addEventListener("pageshow", (event) => { if (event.persisted) again(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) again(); });

export const live = {
  get status() { return status; },
  follow(name, { after = 0, have = null, ...listener } = {}) {
    let topic = topics.get(name);
    if (!topic) {
      topic = new Topic(name, (gapped) => send(gapped.followFrame()));
      topic.last = after;
      for (const [id, version] of Object.entries(have ?? {})) topic.rows.set(id, { id, version });
      topics.set(name, topic);
      if (!send(topic.followFrame())) open();
    } else if (topic.rows.size) queueMicrotask(() => listener.onState?.([...topic.rows.values()], { full: true }));
    topic.listeners.add(listener);
    return () => {
      topic.listeners.delete(listener);
      if (!topic.listeners.size && topics.delete(name)) send({ type: "unfollow", topic: name });
    };
  },
  command(name, payload = {}) {
    return new Promise((resolve, reject) => {
      const id = `c${++number}`;
      if (!send({ ...payload, type: "command", name, id })) { open(); return reject({ code: "offline", message: "" }); }
      const unsure = () => answer(id, "reject", { code: "unsure", message: "" });
      waiting.set(id, { resolve, reject, timer: setTimeout(unsure, ANSWER_MS) });
    });
  },
  hurry(on) { keen = on; }, // during a call: never more than 3 s between two tries
  check: () => again(), // ask the server now, or try again now
  relay: (topic, frame) => send({ type: "relay", topic, frame }),
  onStatus(watcher) { watchers.add(watcher); watcher(status); if (!socket) open(); return () => watchers.delete(watcher); },
};
