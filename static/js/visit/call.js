// One side of one visit's call: finds the other page, keeps the connection, says how it is. No page in here.
// A lost socket never ends the media: signalling comes back by itself, and until then nothing is torn down.
//   on.state(name, seconds)  alone, connecting, good, weak, sound-only, reconnecting, call-me, replaced, left
//   on.track(stream)  on.other({audio, video, lowered})
import { live } from "../live.js";
import { Peer } from "./peer.js";
import { STEPS, watch } from "./quality.js";
import { Seat } from "./seat.js";

const HELLO_MS = 2_000, CALL_ME_S = 30, REBUILD_S = 20, SOUND_ONLY = STEPS.length - 1;
const RENEW_MS = 40 * 60_000; // credentials of the relay hold an hour

export class Call {
  // configure() gets a fresh RTCConfiguration from the server, null when it gives none
  constructor({ visit, side, configure, stream, media, on }) {
    Object.assign(this, { side, configure, stream, media, on, configuration: null, step: 0, out: null });
    this.topic = `visit:${visit}`;
    this.seat = new Seat(visit, () => this.giveUp("replaced"));
    this.stop = live.follow(this.topic, { onRelay: (frame, from) => this.hear(frame, from) });
    this.timers = [
      setInterval(() => this.greet(), HELLO_MS),
      setInterval(() => this.show(), 1_000),
      setInterval(() => this.renew(), RENEW_MS),
    ];
    this.unwatch = live.onStatus(({ state }) => { if (state === "live" && this.seat.wanted && !this.seat.taken) this.join(); });
    this.join();
  }

  async join() {
    if (this.joining) return;
    this.joining = true;
    this.drop();
    this.out = null;
    this.seat.wanted = true;
    await this.renew();
    if (this.configuration && (await this.seat.take())) {
      this.say("hello");
      this.sayMedia();
    }
    this.joining = false;
    this.show();
  }

  async renew() {
    this.configuration = (await this.configure()) ?? this.configuration;
    this.peer?.pc.setConfiguration(this.configuration);
  }

  say(kind, fields = {}) { live.relay(this.topic, { kind, seat: this.seat.token, ...(this.other && { to: this.other }), ...fields }); }

  greet() { if (this.seat.taken && !this.peer) this.say("hello"); }

  sayMedia() { this.say("media", { ...this.media, lowered: this.step > 0 }); }

  hear(frame, from) {
    const { token, taken } = this.seat;
    if (!taken || from === live.status.user || (frame.to && frame.to !== token)) return;
    if (frame.kind === "media") return this.on.other(frame);
    const known = this.peer && frame.seat === this.other;
    if (frame.kind === "bye") return known && this.drop();
    const opens = frame.kind === "hello" || frame.description?.type === "offer";
    if (!known && opens) this.meet(frame.seat);
    if (!known && frame.kind === "hello") { this.say("hello"); this.sayMedia(); }
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
    if (this.picture) this.peer.replace("video", this.picture);
    this.unwatchQuality = watch(this.peer.pc, (step) => this.stepped(step));
  }

  stepped(step) {
    if (step > this.step) this.seat.report("lowered", step === SOUND_ONLY ? "sound only" : `step ${step}`);
    this.step = step;
    this.sayMedia();
    this.show();
  }

  moved(state) {
    if (state === "lost") this.droppedAt ??= performance.now();
    if (state === "connected" && this.droppedAt) {
      this.seat.report("dropped", `${Math.round((performance.now() - this.droppedAt) / 1_000)} s`);
      this.droppedAt = null;
    }
    this.show();
  }

  get state() {
    if (this.out) return this.out;
    if (!this.peer) return this.seat.taken ? "alone" : "connecting";
    const broken = this.peer.brokenFor / 1_000;
    if (!broken) return this.step === SOUND_ONLY ? "sound-only" : this.step ? "weak" : "good";
    if (broken > CALL_ME_S) return "call-me";
    return this.peer.wasUp() && broken > 3 ? "reconnecting" : "connecting";
  }

  show() { // and from the ground up when restarting the path alone did not help
    const broken = (this.peer?.brokenFor ?? 0) / 1_000;
    this.on.state(this.state, Math.round(broken));
    if (!this.seat.taken || broken < REBUILD_S || performance.now() - (this.rebuiltAt ?? -Infinity) < REBUILD_S * 1_000) return;
    this.rebuiltAt = performance.now();
    this.join();
  }

  sendPicture(track) { // instead of the camera's; a connection that is made anew begins with it
    this.picture = track;
    return this.peer?.replace("video", track);
  }

  setMedia(media) { Object.assign(this.media, media); this.sayMedia(); }

  drop() {
    this.unwatchQuality?.();
    this.peer?.close();
    Object.assign(this, { peer: null, other: null, step: 0 });
    this.on.track(null);
  }

  giveUp(how) {
    if (this.seat.taken) this.say("bye");
    this.seat.drop();
    this.out = how;
    this.drop();
    this.show();
  }

  leave() { this.giveUp("left"); return this.seat.leave(); }

  end() {
    for (const timer of this.timers) clearInterval(timer);
    this.seat.end();
    this.unwatch();
    this.stop();
    this.drop();
  }
}
