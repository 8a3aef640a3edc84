// One topic as a page follows it: the order of a log, the newest version of each row of a state. No socket in here.
//   log    rows come once and in order: seq == last + 1 is shown, later ones wait; a gap is asked for after 500 ms
//   state  a map of rows by id; a row that is gone is told with gone: true
const GAP_MS = 500;

export class Topic {
  constructor(name, ask) {
    this.name = name;
    this.ask = ask; // () => ask the server again from here
    this.listeners = new Set();
    this.last = 0;
    this.head = 0;
    this.held = new Map();
    this.rows = new Map();
    this.isLog = false;
  }

  followFrame() {
    const frame = { type: "follow", topic: this.name, after: this.last };
    if (this.rows.size && this.rows.size <= 250) {
      frame.have = Object.fromEntries([...this.rows].filter(([, row]) => Number.isInteger(row.version)).map(([id, row]) => [id, row.version]));
    }
    return frame;
  }

  tell(kind, ...what) {
    for (const listener of [...this.listeners]) {
      try {
        listener[kind]?.(...what);
      } catch (error) {
        console.error("live", this.name, kind, error);
      }
    }
  }

  forget() { // the database was restored to an earlier time: nothing that was kept counts
    this.last = 0;
    this.held.clear();
    this.rows.clear();
    this.tell("onReset");
  }

  onRows(frame) {
    this.isLog = true;
    if (frame.reset) this.forget();
    this.head = frame.head;
    for (const row of frame.rows) if (row.seq > this.last) this.held.set(row.seq, row);
    const next = [];
    while (this.held.has(this.last + 1)) {
      this.last += 1;
      next.push(this.held.get(this.last));
      this.held.delete(this.last);
    }
    if (next.length || !frame.rows.length) this.tell("onRows", next, { head: this.head, last: this.last });
    this.mindGap();
    return { type: "got", topic: this.name, seq: this.last };
  }

  mindGap() { // one clock a gap: other rows that come meanwhile do not put it off
    if (!this.held.size) {
      clearTimeout(this.gap);
      this.gap = null;
    }
    else this.gap ??= setTimeout(() => { this.gap = null; this.held.clear(); this.ask(this); }, GAP_MS);
  }

  onState(frame) {
    if (frame.full) this.rows.clear();
    for (const row of frame.rows) {
      if (row.gone) this.rows.delete(row.id);
      else this.rows.set(row.id, row);
    }
    this.tell("onState", frame.rows, { full: frame.full });
  }
}
