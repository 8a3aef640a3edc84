// Messages on their way, kept in this browser until the server has them: one queue a person and thread, in order, with
// the client ids under which they are sent again after a reload. An item: {client, body, state, tried, words};
// state: waiting, sending, refused (words says why); tried: it may have arrived already, so it cannot be taken back.
const memory = new Map(); // where the browser refuses to store

function load(key, empty) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? memory.get(key) ?? empty;
  } catch {
    return memory.get(key) ?? empty;
  }
}

function store(key, value) {
  memory.set(key, value);
  try {
    if (value.length) localStorage.setItem(key, JSON.stringify(value));
    else localStorage.removeItem(key);
  } catch {
    // kept in memory: it lives as long as this page
  }
}

const uuid = () => crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
  (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));
const alone = (key, work) => (navigator.locks ? navigator.locks.request(key, work) : work()); // one tab at a time

export class Outbox {
  #again = false;
  #busy = false;

  // deliver(item) -> {sent} or {refused: words} or {later, unsure}; onChange(items) redraws; onSent(item, sent)
  constructor(key, { deliver, onChange, onSent }) {
    Object.assign(this, { key, deliver, onChange, onSent });
    const asleep = (item) => (item.state === "sending" ? { ...item, state: "waiting", tried: true } : item);
    store(key, this.items.map(asleep)); // what a page was sending when it was closed may have arrived
    addEventListener("storage", (event) => { if (event.key === key) onChange(this.items); });
  }

  get items() { return load(this.key, []); }
  get waiting() { return this.items.filter((item) => item.state !== "refused"); }
  get draft() { return load(`${this.key}:draft`, ""); }
  set draft(text) { store(`${this.key}:draft`, text); }

  add(body) {
    store(this.key, [...this.items, { client: uuid(), body, state: "waiting", tried: false, words: "" }]);
    this.onChange(this.items);
  }

  // The text of an item that certainly has not arrived; it is no longer in the queue.
  takeBack(client) {
    const item = this.items.find((one) => one.client === client && !one.tried && one.state !== "sending");
    if (item) this.drop(client);
    return item?.body ?? "";
  }

  drop(client) {
    store(this.key, this.items.filter((item) => item.client !== client));
    this.onChange(this.items);
  }

  async drain() {
    this.#again = this.#busy;
    if (this.#busy) return;
    this.#busy = true;
    try {
      await alone(this.key, () => this.#run());
    } finally {
      this.#busy = false;
    }
    if (this.#again) await this.drain();
  }

  async #run() {
    for (let item = this.waiting[0]; item; item = this.waiting[0]) {
      this.#change(item.client, { state: "sending" });
      const answer = await this.deliver(item);
      if (answer.sent) {
        this.drop(item.client);
        this.onSent(item, answer.sent);
      } else if (answer.refused) this.#change(item.client, { state: "refused", tried: false, words: answer.refused });
      else {
        this.#change(item.client, { state: "waiting", tried: item.tried || Boolean(answer.unsure) });
        return;
      }
    }
  }

  #change(client, change) {
    store(this.key, this.items.map((item) => (item.client === client ? { ...item, ...change } : item)));
    this.onChange(this.items);
  }
}
