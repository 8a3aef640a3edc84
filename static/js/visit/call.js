// One page's part in one visit's call: finds the other pages, keeps a connection to each, says how it is. No page in here.
// Two or three people, each connected to each. A lost socket never ends the media: signalling comes back by itself, and
// until then nothing is torn down. Whatever else could carry a call (docs/video.md, "The seam") has this same surface.
//   on.state(name, seconds)  alone, connecting, good, weak, low, sound-only, reconnecting, call-me, replaced, left
//   on.track(side, stream)  on.other(side, {audio, video, lowered})  on.server(is it there)
// Sides: "clinician", "patient", "guest"; the server writes a frame's side into it.
import { live } from "../live.js";
import { Link } from "./link.js";
import { Seat } from "./seat.js";

const HELLO_MS = 2_000, CALL_ME_S = 30, REBUILD_S = 20;
const RENEW_MS = 40 * 60_000; // credentials of the relay hold an hour
const OTHERS = { clinician: ["patient"], patient: ["clinician"], guest: ["clinician", "patient"] };
const STEP_STATES = ["good", "weak", "low", "sound-only"];

export class Call {
  // configure() gets a fresh RTCConfiguration from the server, null when it gives none
  constructor({ visit, side, configure, stream, media, on }) {
    Object.assign(this, { side, configure, stream, media, on, configuration: null, out: null, links: new Map() });
    this.expected = new Set(OTHERS[side]);
    [this.main] = OTHERS[side];
    this.topic = `visit:${visit}`;
    this.seat = new Seat(visit, () => this.giveUp("replaced"));
    this.stop = live.follow(this.topic, { onRelay: (frame, from) => this.hear(frame, from) });
    this.timers = [
      setInterval(() => this.greet(), HELLO_MS),
      setInterval(() => this.show(), 1_000),
      setInterval(() => this.renew(), RENEW_MS),
    ];
    live.hurry(true);
    this.unwatch = live.onStatus(({ state }) => {
      on.server(state !== "broken");
      if (state === "live" && this.seat.wanted && !this.seat.taken) this.join();
    });
    this.join();
  }

  async join() {
    if (this.joining) return;
    this.joining = true;
    this.dropAll();
    this.out = null;
    this.noWay = false;
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
    for (const { peer } of this.links.values()) peer.pc.setConfiguration(this.configuration);
  }

  say(kind, fields = {}, to = null) { return live.relay(this.topic, { kind, seat: this.seat.token, ...(to && { to }), ...fields }); }

  greet() { if (this.seat.taken && [...this.expected].some((side) => !this.links.has(side))) this.say("hello"); }

  sayMedia() {
    const lowered = [...this.links.values()].some(({ step }) => step === STEP_STATES.length - 1); // sound alone: no picture comes
    this.say("media", { ...this.media, lowered });
  }

  hear(frame, from) {
    const { token, taken } = this.seat, { side } = frame;
    if (!taken || !this.may(side) || from === live.status.user || (frame.to && frame.to !== token)) return;
    if (frame.kind === "media") return this.on.other(side, frame);
    const link = this.links.get(side), known = link?.seat === frame.seat;
    if (frame.kind === "bye") return known && this.drop(side);
    const opens = frame.kind === "hello" || frame.description?.type === "offer";
    if (!known && opens) this.meet(side, frame.seat);
    if (!known && frame.kind === "hello") { this.say("hello", {}, frame.seat); this.sayMedia(); }
    const met = this.links.get(side);
    if (met?.seat === frame.seat) met.peer.hear(frame);
  }

  may(side) { return this.expected.has(side); }

  // The third person may be in the call now, or may not any more: what goes to and comes from them ends here and at once.
  letIn(side, isIn) {
    if (isIn && !this.expected.has(side)) { this.expected.add(side); this.greet(); }
    else if (!isIn && this.expected.delete(side)) this.drop(side);
  }

  meet(side, seat) {
    this.drop(side);
    const link = new Link({
      side, seat, own: this.side, configuration: this.configuration, stream: this.stream,
      send: (kind, fields) => this.say(kind, fields, seat),
      on: {
        track: (stream) => this.on.track(side, stream),
        moved: () => this.show(),
        report: (what, detail) => this.seat.report(what, side === this.main ? detail : `${side}: ${detail}`),
        stepped: () => { this.sayMedia(); this.show(); },
      },
    });
    this.links.set(side, link);
    if (this.picture) link.peer.replace("video", this.picture);
  }

  get state() {
    if (this.out) return this.out;
    const link = this.links.get(this.main);
    if (!link) return this.seat.taken ? "alone" : "connecting";
    const broken = link.peer.brokenFor / 1_000;
    if (!broken) return STEP_STATES[link.step];
    if (broken > CALL_ME_S) return "call-me";
    return link.peer.wasUp() && broken > 3 ? "reconnecting" : "connecting";
  }

  show() { // and from the ground up when restarting the path alone did not help
    const main = this.links.get(this.main), broken = (main?.peer.brokenFor ?? 0) / 1_000, { state } = this;
    this.on.state(state, Math.round(broken));
    if (state !== "call-me") this.noWay = false;
    else if (!this.noWay) { this.noWay = true; this.seat.report("no-way", `${Math.round(broken)} s`); }
    const worst = this.side === "guest" ? Math.max(0, ...[...this.links.values()].map(({ peer }) => peer.brokenFor / 1_000)) : broken;
    if (!this.seat.taken || worst < REBUILD_S || performance.now() - (this.rebuiltAt ?? -Infinity) < REBUILD_S * 1_000) return;
    this.rebuiltAt = performance.now();
    this.join();
  }

  sendPicture(track) { // instead of the camera's; a connection that is made anew begins with it
    this.picture = track;
    return this.replace("video", track);
  }

  replace(kind, track) { return Promise.all([...this.links.values()].map(({ peer }) => peer.replace(kind, track))); }

  setMedia(media) { Object.assign(this.media, media); this.sayMedia(); }

  drop(side) {
    const link = this.links.get(side);
    if (!this.links.delete(side)) return;
    link.close();
    this.on.track(side, null);
  }

  dropAll() { for (const side of [...this.links.keys()]) this.drop(side); }

  giveUp(how) {
    if (this.seat.taken) this.say("bye");
    this.seat.drop();
    this.out = how;
    this.dropAll();
    this.show();
  }

  leave() { this.giveUp("left"); return this.seat.leave(); }

  end() {
    live.hurry(false);
    for (const timer of this.timers) clearInterval(timer);
    this.seat.end();
    this.unwatch();
    this.stop();
    this.dropAll();
  }
}
