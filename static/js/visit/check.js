// The device check before a visit: camera, microphone, speaker, connection. The result goes to the clinic.
import { chime, listen } from "./media.js";

const PROBE_MS = 5_000, HEARD_LEVEL = 0.12;

export class DeviceCheck {
  constructor(root, card) {
    Object.assign(this, { root, card, results: {} });
    this.one = (selector) => card.querySelector(selector);
    this.one("[data-play]").addEventListener("click", () => this.play());
    this.one("[data-again]").addEventListener("click", () => this.probe());
    for (const button of card.querySelectorAll("[data-heard-it]")) {
      button.addEventListener("click", () => { this.put("speaker", button.dataset.heardIt === "ok"); this.item("speaker-heard").hidden = true; });
    }
  }

  item(name) { return this.one(`[data-item="${name}"]`); }

  start(screen) {
    this.put("camera", Boolean(screen.stream?.getVideoTracks().length));
    if (screen.stream?.getAudioTracks().length) this.stop = listen(screen.stream, (level) => this.level(level));
    else this.put("microphone", false);
    this.probe();
  }

  level(level) {
    const bars = this.one("[data-bars]"), lit = Math.round(level * bars.children.length);
    [...bars.children].forEach((bar, place) => bar.classList.toggle("on", place < lit));
    bars.setAttribute("aria-valuenow", String(lit));
    if (level < HEARD_LEVEL || this.results.microphone) return;
    this.one('[data-heard="no"]').hidden = true;
    this.one('[data-heard="yes"]').hidden = false;
    this.put("microphone", true);
  }

  async play() {
    await chime();
    this.item("speaker-heard").hidden = false;
  }

  // With a TURN server: can it be reached within five seconds? Without one: can this browser connect at all?
  async probe() {
    const servers = await this.servers();
    this.put("connection", servers !== null && (await reaches(servers)));
  }

  async servers() {
    try {
      const answer = await fetch(this.root.dataset.ice, { method: "POST", body: new FormData(this.root.querySelector("[data-csrf]")) });
      return answer.ok ? (await answer.json()).iceServers : null;
    } catch {
      return null;
    }
  }

  put(name, ok) {
    this.results[name] = ok;
    const item = this.item(name);
    item?.classList.toggle("ok", ok);
    item?.classList.toggle("failed", !ok);
    for (const words of item?.querySelectorAll("[data-is]") ?? []) words.hidden = words.dataset.is !== (ok ? "ok" : "failed");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), 1_500);
  }

  async tell() {
    const body = new FormData(this.root.querySelector("[data-csrf]"));
    for (const [name, ok] of Object.entries(this.results)) body.set(name, ok ? "ok" : "failed");
    try {
      const answer = await fetch(this.root.dataset.check, { method: "POST", body });
      this.one("[data-check-saved]").hidden = !answer.ok;
    } catch { /* offline: the next result takes this one along */ }
  }
}

function reaches(iceServers) {
  const relayed = iceServers.some(({ username }) => username);
  const pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: relayed ? "relay" : "all" });
  return new Promise((resolve) => {
    const done = (ok) => { clearTimeout(timer); pc.close(); resolve(ok); };
    const timer = setTimeout(() => done(false), PROBE_MS);
    pc.onicecandidate = ({ candidate }) => { if (candidate) done(true); };
    pc.createDataChannel("probe");
    pc.setLocalDescription().catch(() => done(false));
  });
}
