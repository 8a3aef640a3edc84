// What was typed, on this phone until the clinic has it. One key a form: {at, queue: [answer], submit}.
// A queue survives a reload, a dead battery and the end of the session; it is thrown away after 14 days or at sign-out.
const PREFIX = "survey:";
const DAYS = 14 * 86400000;

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function read(key) {
  try {
    const found = JSON.parse(localStorage.getItem(key));
    return found && Date.now() - found.at < DAYS && Array.isArray(found.queue) ? found : null;
  } catch {
    return null; // storage refused, or something that is no draft
  }
}

export class Draft {
  constructor(slot) {
    this.key = PREFIX + slot;
    this.slot = slot;
    this.kept = true; // false: the phone refuses to store, so the page must stay open
    this.state = read(this.key) ?? { at: Date.now(), queue: [], submit: false };
  }

  write() {
    try {
      if (this.state.queue.length || this.state.submit) localStorage.setItem(this.key, JSON.stringify({ ...this.state, at: Date.now() }));
      else localStorage.removeItem(this.key);
      this.kept = true;
    } catch {
      this.kept = false;
    }
  }

  add(answer) {
    this.state.queue.push(answer);
    this.write();
  }

  done(answer) {
    this.state.queue = this.state.queue.filter((other) => other.client_id !== answer.client_id);
    this.write();
  }

  wantSubmit(wanted = true) {
    this.state.submit = wanted;
    this.write();
  }

  newest(linkId) {
    return this.state.queue.findLast?.((answer) => answer.link_id === linkId) ?? [...this.state.queue].reverse().find((answer) => answer.link_id === linkId);
  }

  get next() {
    return this.state.queue[0];
  }
}

export function drafts() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

export function forget(only) {
  for (const slot of drafts()) if (!only || slot === only) localStorage.removeItem(PREFIX + slot);
}
