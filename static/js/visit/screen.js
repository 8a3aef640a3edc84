// What both sides' pages show of a call: pictures, mute, camera, leave, join again. The words are line.js's.
import { Call } from "./call.js";
import { Line } from "./line.js";
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

  start() { // join the call; without a camera or microphone one can still see and hear the other side
    if (this.call) return;
    const { visit, side, ice } = this.root.dataset;
    this.root.classList.add("in-call");
    for (const node of this.root.querySelectorAll("[data-in-call]")) node.hidden = false;
    this.call = new Call({
      visit, side, configure: () => this.configuration(ice),
      stream: this.stream, media: { audio: this.isOn("audio"), video: this.isOn("video") },
      on: {
        state: (...what) => this.line.state(...what),
        other: (frame) => this.line.other(frame),
        track: (stream) => this.remote(stream),
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
    if (video.srcObject !== stream) video.srcObject = stream;
    video.hidden = !stream;
    if (label) label.hidden = !stream;
    this.root.classList.toggle("with-remote", Boolean(stream));
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
    await this.call?.peer?.replace("video", fresh);
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
    this.shared?.stop();
    this.call?.end();
    closeMedia(this.stream);
    this.one("[data-self]").srcObject = null;
  }
}
