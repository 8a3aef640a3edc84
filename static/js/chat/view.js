// How a log looks: rows from the server's own patterns (<template data-template>), days, states, what is on its way.
const language = document.documentElement.lang || "en";
const pattern = (name) => document.querySelector(`template[data-template="${name}"]`).content.firstElementChild.cloneNode(true);

export class View {
  constructor(log) {
    this.log = log;
    this.words = log.dataset;
    this.last = Number(log.dataset.after);
    this.missed = false; // rows came while the screen was locked: their words are not here
    const zone = { timeZone: log.dataset.zone };
    this.clock = new Intl.DateTimeFormat(language, { ...zone, numberingSystem: "latn", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const parts = ["weekday", "day", "month"].map((part) => new Intl.DateTimeFormat(language, { ...zone, numberingSystem: "latn", [part]: part === "day" ? "numeric" : "short" }));
    this.named = { format: (at) => parts.map((part) => part.format(at)).join(" ") }; // Wed 25 Nov, as the server writes it
    this.dated = new Intl.DateTimeFormat("en-CA", { ...zone, year: "numeric", month: "2-digit", day: "2-digit" });
  }

  add(row) {
    this.last = Math.max(this.last, row.seq ?? 0);
    if (row.locked) { this.missed = true; return; }
    if (row.seq && this.log.querySelector(`[data-seq="${row.seq}"]`)) return;
    const known = this.log.querySelector(`[data-client="${CSS.escape(row.client_id)}"]`);
    if (known?.dataset.seq && !row.seq) return; // its row came before the answer
    known?.remove();
    this.log.querySelector("[data-empty]")?.remove();
    document.querySelector("p[data-empty]")?.remove();
    this.#beginDay(new Date(row.sent_at));
    this.log.insertBefore(this.#node(row), this.log.querySelector(".wait"));
  }

  #node(row) {
    const node = pattern(row.own ? "own" : "other");
    if (row.seq) node.id = `m${row.seq}`;
    node.dataset.seq = row.seq ?? "";
    node.dataset.client = row.client_id;
    const put = (what, text) => { const place = node.querySelector(`[data-${what}]`); if (place) place.textContent = text; };
    put("body", row.body);
    if (row.file) node.querySelector(".bub").append(this.#file(row.file));
    put("name", row.sender ?? "");
    put("role", row.role ? `, ${row.role}` : "");
    put("at", "");
    const time = Object.assign(document.createElement("time"), { dateTime: row.sent_at, textContent: this.clock.format(new Date(row.sent_at)) });
    node.querySelector("[data-at]").append(time);
    put("state", this.words.wordSent);
    const link = node.querySelector("[data-alert]");
    if (link && row.seq) link.href = this.words.alertBase.replace(/0\/$/, `${row.seq}/`);
    for (const phrase of row.phrases ?? []) {
      const tag = pattern("phrase");
      tag.querySelector("[data-phrase]").textContent = phrase;
      node.querySelector("[data-phrases]").append(tag, " ");
    }
    return node;
  }

  #file(file) {
    const node = pattern(file.kind);
    node.href = file.url;
    const image = node.querySelector("img"), name = node.querySelector("[data-file-name]");
    if (image) Object.assign(image, { src: file.url, width: file.width, height: file.height, alt: file.name });
    if (name) name.textContent = file.name;
    return node;
  }

  #beginDay(at) {
    const day = this.dated.format(at), days = this.log.querySelectorAll("[data-day]");
    if (days[days.length - 1]?.dataset.day === day) return;
    const node = pattern("day");
    node.dataset.day = day;
    const isToday = day === this.dated.format(new Date());
    (node.querySelector("span") ?? node).textContent = isToday ? this.words.wordToday : this.named.format(at);
    this.log.insertBefore(node, this.log.querySelector(".wait"));
  }

  // {seq, name, at}: who of the other side has read how far
  read(mark) {
    const own = [...this.log.querySelectorAll("[data-seq] [data-state]")].map((place) => [Number(place.closest("[data-seq]").dataset.seq), place]);
    const seen = own.filter(([seq]) => seq && seq <= mark.seq);
    for (const [, place] of seen) place.textContent = this.words.wordSeen;
    const [seq, place] = seen.at(-1) ?? [];
    if (!place) return;
    const at = new Date(mark.at), sent = this.log.querySelector(`[data-seq="${seq}"] time`);
    const sameDay = sent && this.dated.format(new Date(sent.dateTime)) === this.dated.format(at);
    const when = sameDay ? this.clock.format(at) : `${this.named.format(at)} ${this.clock.format(at)}`;
    place.textContent = this.words.wordSeenBy.replace("%n", mark.name).replace("%t", when);
  }

  // items of the outbox, after everything that was sent
  pending(items) {
    for (const node of this.log.querySelectorAll(".wait")) node.remove();
    for (const item of items) {
      const node = pattern("pending");
      node.dataset.client = item.client;
      node.classList.toggle("no", item.state === "refused");
      node.querySelector("[data-body]").textContent = item.body;
      const words = item.state === "waiting" && item.tried ? this.words.wordUnsure : { waiting: this.words.wordWaiting, sending: this.words.wordSending }[item.state];
      node.querySelector("[data-state]").textContent = words ?? item.words;
      node.querySelector("[data-change]").hidden = item.tried || item.state === "sending";
      this.log.append(node);
    }
  }
}
