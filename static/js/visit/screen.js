// What both sides' pages show of a call: pictures, mute, camera, leave, join again. The words are line.js's.
import { Call } from "./call.js";
import { Line } from "./line.js";
import { keepAwake, onTaken } from "./keep.js";
import { cameras, closeMedia, openMedia, otherCamera, screenTrack } from "./media.js";

export class Screen {
  constructor(root) {
    Object.assign(this, { root, line: new Line(root), call: null, stream: null });
    this.one = (selector) => root.querySelector(selector);
    const clicks = {
      "[data-mic]": () => this.toggle("audio", "[data-mic]"),
      "[data-camera]": () => this.toggle("video", "[data-camera]"),
      "[data-leave]": () => this.call?.leave(),
      "[data-rejoin]": () => this.call?.join(),
      "[data-flip]": () => this.flip(),
      "[data-share]": () => this.share(),
      "[data-tap-play]": () => this.tapped(),
    };
    for (const [selector, act] of Object.entries(clicks)) this.one(selector)?.addEventListener("click", act);
    addEventListener("pagehide", () => { if (this.call?.seat.taken) this.call.say("bye"); });
  }

  async open() {
    const { stream, fault } = await openMedia();
    this.stream = stream;
    this.line.fault(fault);
    if (!stream) return;
    this.one("[data-self]").srcObject = stream;
    this.one("[data-mic]").disabled = !stream.getAudioTracks().length;
    this.one("[data-camera]").disabled = !stream.getVideoTracks().length;
    const flip = this.one("[data-flip]");
    if (flip) flip.hidden = (await cameras()) < 2;
  }

  async reopen() { // the phone took camera or microphone away (a call came in, the screen slept) and gives them back
    const { stream, fault } = await openMedia();
    this.line.fault(fault);
    if (!stream) return;
    const on = { audio: this.isMeant("audio"), video: this.isMeant("video") };
    closeMedia(this.stream);
    this.stream = stream;
    for (const track of stream.getTracks()) {
      track.enabled = on[track.kind];
      if (track.kind === "audio" || !this.shared) await this.call?.replace(track.kind, track);
    }
    if (this.call) this.call.stream = stream;
    this.one("[data-self]").srcObject = stream;
    onTaken(stream, () => this.reopen());
  }

  isMeant(kind) { return this.stream?.getTracks().find((track) => track.kind === kind)?.enabled ?? true; }

  start() { // join the call; without a camera or microphone one can still see and hear the other side
    if (this.call) return;
    const { visit, side, ice } = this.root.dataset;
    this.root.classList.add("in-call");
    this.sleep = keepAwake();
    onTaken(this.stream, () => this.reopen());
    for (const node of this.root.querySelectorAll("[data-in-call]")) node.hidden = false;
    this.call = new Call({
      visit, side, configure: () => this.configuration(ice),
      stream: this.stream, media: { audio: this.isOn("audio"), video: this.isOn("video") },
      on: {
        state: (...what) => this.line.state(...what),
        server: (there) => this.line.server(there),
        other: (from, frame) => { if (from === this.call.main) this.line.other(frame); },
        track: (from, stream) => (from === this.call.main ? this.remote(stream) : this.third(stream)),
      },
    });
  }

  async configuration(url) {
    const body = new FormData(this.one("[data-csrf]"));
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      try {
        const answer = await fetch(url, { method: "POST", body });
        if (answer.ok) {
          const { iceServers, iceTransportPolicy } = await answer.json();
          return { iceServers, iceTransportPolicy };
        }
        if (answer.status < 500) return null;
      } catch { /* offline for the moment */ }
      await new Promise((resolve) => { setTimeout(resolve, 1_000 * attempt); });
    }
    return null;
  }

  remote(stream) {
    const video = this.one("[data-remote]"), label = this.one("[data-remote-label].other");
    this.play(video, stream);
    video.hidden = !stream;
    if (label) label.hidden = !stream;
    this.root.classList.toggle("with-remote", Boolean(stream));
  }

  play(video, stream) { // a browser that was given no microphone keeps others silent until it is tapped
    if (video.srcObject !== stream) video.srcObject = stream;
    if (stream) video.play().catch(({ name }) => { this.one("[data-tap-play]").hidden = name !== "NotAllowedError"; });
  }

  tapped() {
    this.one("[data-tap-play]").hidden = true;
    for (const video of this.root.querySelectorAll("[data-remote], [data-remote-third]")) if (video.srcObject) video.play().catch(() => {});
  }

  third(stream) {
    const video = this.one("[data-remote-third]"), tile = this.one("[data-third]");
    if (!video) return;
    this.play(video, stream);
    tile.hidden = !stream;
    this.root.classList.toggle("with-third", Boolean(stream));
  }

  isOn(kind) { return Boolean(this.stream?.getTracks().some((track) => track.kind === kind && track.enabled)); }

  toggle(kind, selector) {
    const on = !this.isOn(kind), button = this.one(selector);
    for (const track of this.stream.getTracks()) if (track.kind === kind) track.enabled = on;
    if (button.classList.contains("vc")) button.classList.toggle("on", !on);
    button.querySelector("[data-on]").hidden = !on;
    button.querySelector("[data-off]").hidden = on;
    this.call?.setMedia({ [kind]: on });
  }

  async flip() {
    const fresh = await otherCamera(this.stream);
    if (!fresh) return;
    const [old] = this.stream.getVideoTracks();
    await this.call?.replace("video", fresh);
    this.stream.removeTrack(old);
    old.stop();
    this.stream.addTrack(fresh);
  }

  async share() { // the screen instead of the camera, until tapped again or the browser's own bar ends it
    const track = this.shared ? null : await screenTrack();
    this.shared?.stop();
    this.shared = track;
    track?.addEventListener("ended", () => { if (this.shared === track) this.share(); });
    await this.call?.sendPicture(track ?? this.stream?.getVideoTracks()[0] ?? null);
    const button = this.one("[data-share]");
    button.querySelector("[data-on]").hidden = Boolean(track);
    button.querySelector("[data-off]").hidden = !track;
  }

  end() {
    this.sleep?.();
    this.shared?.stop();
    this.call?.end();
    closeMedia(this.stream);
    this.one("[data-self]").srcObject = null;
  }
}
