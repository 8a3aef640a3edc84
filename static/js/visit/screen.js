// What both sides' pages show of a call: pictures, the line about the connection, mute, camera, leave, join again.
import { live } from "../live.js";
import { Call } from "./call.js";
import { cameras, closeMedia, openMedia, otherCamera } from "./media.js";

const POOR = ["weak", "sound-only", "reconnecting", "call-me", "replaced"];

export class Screen {
  constructor(root, { onState = () => {} } = {}) {
    Object.assign(this, { root, onState, call: null, stream: null });
    this.one = (selector) => root.querySelector(selector);
    this.one("[data-mic]").addEventListener("click", () => this.toggle("audio", "[data-mic]"));
    this.one("[data-camera]").addEventListener("click", () => this.toggle("video", "[data-camera]"));
    this.one("[data-leave]")?.addEventListener("click", () => this.call?.leave());
    this.one("[data-rejoin]")?.addEventListener("click", () => this.call?.join());
    this.one("[data-flip]")?.addEventListener("click", () => this.flip());
    addEventListener("pagehide", () => { if (this.call?.joined) this.call.say("bye"); });
  }

  async open() {
    const { stream, fault } = await openMedia();
    this.stream = stream;
    this.fault(fault);
    if (!stream) return false;
    this.one("[data-self]").srcObject = stream;
    this.one("[data-mic]").disabled = !stream.getAudioTracks().length;
    this.one("[data-camera]").disabled = !stream.getVideoTracks().length;
    const flip = this.one("[data-flip]");
    if (flip) flip.hidden = (await cameras()) < 2;
    return true;
  }

  fault(code) {
    this.one("[data-faults]").hidden = !code;
    for (const line of this.root.querySelectorAll("[data-fault]")) line.hidden = line.dataset.fault !== code;
  }

  async start() { // join the call; without a camera or microphone one can still see and hear the other side
    if (this.call) return;
    const { visit, side, ice } = this.root.dataset;
    const configuration = await this.configuration(ice);
    if (!configuration || this.call) return;
    this.root.classList.add("in-call");
    for (const node of this.root.querySelectorAll("[data-in-call]")) node.hidden = false;
    const media = { audio: this.isOn("audio"), video: this.isOn("video") };
    this.call = new Call({
      visit, side, configuration, stream: this.stream,
      on: { state: (...what) => this.state(...what), track: (stream) => this.remote(stream), other: (frame) => this.other(frame) },
    });
    this.call.media = media;
    if (live.status.state === "live") this.call.join();
    else this.call.wanted = true;
  }

  async configuration(url) {
    const body = new FormData(this.one("[data-csrf]"));
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        const answer = await fetch(url, { method: "POST", body });
        if (answer.ok) {
          const { iceServers, iceTransportPolicy } = await answer.json();
          return { iceServers, iceTransportPolicy };
        }
        if (answer.status < 500) return null;
      } catch { /* offline for the moment */ }
      await new Promise((resolve) => { setTimeout(resolve, 1_000 * (attempt + 1)); });
    }
    return null;
  }

  remote(stream) {
    const video = this.one("[data-remote]");
    if (stream && video.srcObject !== stream) video.srcObject = stream;
    if (!stream) video.srcObject = null;
    video.hidden = !stream;
    this.root.classList.toggle("with-remote", Boolean(stream));
    const label = this.one("[data-remote-label]");
    if (label.classList.contains("other")) label.hidden = !stream;
  }

  other({ audio, video, lowered }) {
    this.one('[data-other="muted"]').hidden = audio;
    this.one('[data-other="no-video"]').hidden = video && !lowered;
  }

  state(name, seconds) {
    const line = this.one("[data-quality]");
    line.hidden = false;
    line.classList.toggle("poor", POOR.includes(name));
    for (const node of line.querySelectorAll("[data-state]")) node.hidden = node.dataset.state !== name;
    this.one("[data-seconds]").textContent = seconds;
    this.root.dataset.callState = name;
    const out = ["left", "replaced"].includes(name);
    const [leave, rejoin] = [this.one("[data-leave]"), this.one("[data-rejoin]")];
    leave.hidden = out;
    rejoin.hidden = !out;
    this.onState(name);
  }

  isOn(kind) { return Boolean(this.stream?.getTracks().some((track) => track.kind === kind && track.enabled)); }

  toggle(kind, selector) {
    const on = !this.isOn(kind), button = this.one(selector);
    for (const track of this.stream.getTracks()) if (track.kind === kind) track.enabled = on;
    button.setAttribute("aria-pressed", String(on));
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

  end() {
    this.call?.end();
    closeMedia(this.stream);
    this.one("[data-self]").srcObject = null;
  }
}
