// One side of one visit's call: takes its side's seat, finds the other page, keeps the connection. No page in here.
// A lost socket never ends the media: signalling comes back by itself, and until then nothing is torn down.
//   on.state(name, seconds)  alone, connecting, good, weak, sound-only, reconnecting, call-me, replaced, left
//   on.track(stream)  on.other({audio, video})
import { live } from "../live.js";
import { Peer } from "./peer.js";
import { watch } from "./quality.js";

const HELLO_MS = 2_000, HERE_MS = 10_000, CALL_ME_S = 30, REBUILD_S = 20;

export class Call {
  constructor({ visit, side, configuration, stream, on }) {
    Object.assign(this, { visit, side, configuration, stream, on, step: 0, joined: false, media: { audio: true, video: true } });
    this.topic = `visit:${visit}`;
    this.stop = live.follow(this.topic, { onRelay: (frame, from) => this.hear(frame, from) });
    this.timers = [setInterval(() => this.greet(), HELLO_MS), setInterval(() => this.here(), HERE_MS), setInterval(() => this.show(), 1_000)];
    this.unwatch = live.onStatus(({ state }) => { if (state === "live" && this.wanted && !this.joined) this.join(); });
  }

  async join() { // a new seat for each joining: the other page then builds its end anew
    this.drop();
    Object.assign(this, { wanted: true, left: false, replaced: false, seat: crypto.randomUUID() });
    try {
      await live.command("visit.join", { visit: this.visit, seat: this.seat });
      this.joined = true;
      this.say("hello");
      this.sayMedia();
    } catch (refused) {
      this.joined = false;
      if (!["offline", "unsure", "unavailable"].includes(refused.code)) this.wanted = false;
    }
    this.show();
  }

  say(kind, fields = {}) { return live.relay(this.topic, { kind, seat: this.seat, ...(this.other && { to: this.other }), ...fields }); }

  greet() { if (this.joined && !this.peer) live.relay(this.topic, { kind: "hello", seat: this.seat }); }

  sayMedia() { this.say("media", { ...this.media, lowered: this.step > 0 }); }

  hear(frame, from) {
    if (!this.joined || from === live.status.user || (frame.to && frame.to !== this.seat)) return;
    if (frame.kind === "bye" && frame.seat === this.other) return this.drop();
    if (frame.kind === "media") return this.on.other(frame);
    const known = this.peer && frame.seat === this.other;
    if (!known && ["hello", "description"].includes(frame.kind) && frame.description?.type !== "answer") this.meet(frame.seat);
    if (frame.kind === "hello" && !known) { this.say("hello"); this.sayMedia(); }
    if (frame.seat === this.other) this.peer?.hear(frame);
  }

  meet(other) {
    this.drop();
    this.other = other;
    this.peer = new Peer({
      configuration: this.configuration, stream: this.stream, polite: this.side === "patient",
      send: (kind, fields) => this.say(kind, fields),
      on: { track: this.on.track, state: (state) => this.moved(state) },
    });
    this.unwatchQuality = watch(this.peer.pc, (step) => { this.stepped(step); });
  }

  stepped(step) {
    if (step > this.step) this.report("lowered", step === 3 ? "sound only" : `step ${step}`);
    this.step = step;
    this.sayMedia();
    this.show();
  }

  moved(state) {
    if (state === "lost" && !this.droppedAt) this.droppedAt = performance.now();
    if (state === "connected" && this.droppedAt) {
      this.report("dropped", `${Math.round((performance.now() - this.droppedAt) / 1_000)} s`);
      this.droppedAt = null;
    }
    this.show();
  }

  report(what, detail) { live.command("visit.report", { visit: this.visit, seat: this.seat, what, detail }).catch(() => {}); }

  async here() {
    if (!this.joined) return;
    try {
      await live.command("visit.here", { visit: this.visit, seat: this.seat });
    } catch ({ code }) {
      if (code === "replaced") this.giveUp("replaced");
    }
  }

  get state() {
    if (this.replaced) return "replaced";
    if (this.left) return "left";
    if (!this.peer) return this.joined ? "alone" : "connecting";
    const broken = this.peer.brokenFor / 1_000;
    if (!broken) return ["good", "weak", "weak", "sound-only"][this.step];
    if (broken > CALL_ME_S) return "call-me";
    return this.peer.wasUp() && broken > 3 ? "reconnecting" : "connecting";
  }

  show() {
    const broken = this.peer ? this.peer.brokenFor / 1_000 : 0;
    if (this.joined && broken > REBUILD_S && performance.now() - (this.rebuiltAt ?? 0) > REBUILD_S * 1_000) {
      this.rebuiltAt = performance.now();
      this.join();
    }
    this.on.state(this.state, Math.round(broken));
  }

  setMedia(media) { Object.assign(this.media, media); this.sayMedia(); }

  drop() {
    this.unwatchQuality?.();
    this.peer?.close();
    Object.assign(this, { peer: null, other: null, step: 0 });
    this.on.track(null);
  }

  giveUp(how) {
    if (this.joined) this.say("bye");
    Object.assign(this, { joined: false, wanted: false, [how]: true });
    this.drop();
    this.show();
  }

  leave() {
    const seat = this.seat;
    this.giveUp("left");
    return live.command("visit.leave", { visit: this.visit, seat }).catch(() => {});
  }

  end() {
    for (const timer of this.timers) clearInterval(timer);
    this.unwatch();
    this.stop();
    this.drop();
  }
}
