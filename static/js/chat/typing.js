// "Rosa Osei is writing": passed on to whoever looks at the thread, stored nowhere.
import { live } from "../live.js";

const EVERY_MS = 3_000, FADES_MS = 6_000;

export class Typing {
  constructor(topic, log) {
    this.topic = topic;
    this.words = log.dataset.wordTyping;
    this.me = log.dataset.user;
    this.place = Object.assign(document.createElement("p"), { className: "small muted", hidden: true });
    this.place.setAttribute("role", "status");
    this.place.dataset.typing = "";
    log.after(this.place);
    this.saidAt = -Infinity;
  }

  say(text) {
    if (!text.trim() || performance.now() - this.saidAt < EVERY_MS) return;
    if (live.relay(this.topic, { kind: "typing" })) this.saidAt = performance.now();
  }

  hear(frame, from) {
    if (frame.kind !== "typing" || from === this.me) return;
    this.place.textContent = this.words.replace("%n", frame.name);
    this.place.hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stop(), FADES_MS);
  }

  stop() { this.place.hidden = true; }
}
