// One connection to one page of the other side: perfect negotiation, ICE restarts, and candidates in small batches.
//   send(kind, fields)  passes a frame to the other page; it may be lost, so an unanswered offer is said again
//   on.track(stream)    on.state("connecting" | "connected" | "lost")
const BATCH_MS = 60, BATCH = 15, UNANSWERED_MS = 4_000, LOST_MS = 3_000, RESTART_MS = 5_000, LONGEST_MS = 20_000;

export class Peer {
  constructor({ configuration, polite, stream, send, on }) {
    Object.assign(this, { polite, send, on, making: false, ignoring: false, batch: [], closed: false });
    const pc = (this.pc = new RTCPeerConnection(configuration));
    pc.onnegotiationneeded = () => this.offer();
    pc.onicecandidate = ({ candidate }) => candidate && this.queue(candidate.toJSON());
    pc.ontrack = ({ streams, track }) => on.track(streams[0] ?? new MediaStream([track]));
    pc.onconnectionstatechange = () => this.changed();
    for (const track of stream?.getTracks() ?? []) pc.addTrack(track, stream);
    this.ticker = setInterval(() => this.tick(), 1_000);
    this.brokenAt = performance.now();
    on.state("connecting");
  }

  async offer() {
    try {
      this.making = true;
      await this.pc.setLocalDescription();
      this.say();
    } catch (error) {
      console.error("visit offer", error);
    } finally {
      this.making = false;
    }
  }

  say() {
    const { type, sdp } = this.pc.localDescription;
    this.saidAt = performance.now();
    this.send("description", { description: { type, sdp } });
  }

  queue(candidate) {
    this.batch.push(candidate);
    this.timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  flush() {
    this.timer = null;
    while (this.batch.length) this.send("candidates", { candidates: this.batch.splice(0, BATCH) });
  }

  // One frame after another: an answer said twice would else be judged by the state before the first was taken.
  hear(frame) { return (this.turn = (this.turn ?? Promise.resolve()).then(() => this.take(frame))); }

  async take(frame) {
    if (this.closed) return;
    try {
      if (frame.description) await this.describe(frame.description);
      for (const candidate of frame.candidates ?? []) await this.candidate(candidate);
    } catch (error) {
      console.error("visit signal", error);
    }
  }

  async describe(description) {
    const { pc } = this;
    const glare = description.type === "offer" && (this.making || pc.signalingState !== "stable");
    this.ignoring = !this.polite && glare;
    if (this.ignoring || (description.type === "answer" && pc.signalingState === "stable")) return;
    await pc.setRemoteDescription(description); // a polite side's own offer is rolled back by this
    if (description.type === "offer") {
      if (this.brokenAt !== null) this.restarted(); // the other side's new try is ours too: it gets its time
      await pc.setLocalDescription();
      this.say();
    }
  }

  async candidate(candidate) {
    try {
      await this.pc.addIceCandidate(candidate);
    } catch (error) {
      if (!this.ignoring) console.warn("visit candidate", error.message);
    }
  }

  changed() {
    const up = this.pc.connectionState === "connected";
    if (up) { this.brokenAt = null; this.restarts = this.nextAt = 0; }
    else this.brokenAt ??= performance.now();
    if (up) this.on.state("connected");
    if (this.pc.connectionState === "failed" && !this.polite) this.restart();
  }

  get brokenFor() { return this.brokenAt === null ? 0 : performance.now() - this.brokenAt; }

  tick() { // heals what was lost: an offer without an answer, a path that went away
    const { pc } = this, now = performance.now();
    if (pc.signalingState === "have-local-offer" && now - this.saidAt > UNANSWERED_MS) this.say();
    if (this.brokenFor > LOST_MS && this.wasUp()) this.on.state("lost");
    if (this.brokenFor > (this.polite ? 2 * LOST_MS : LOST_MS) && now >= (this.nextAt ?? 0) && pc.signalingState === "stable") this.restart();
  }

  wasUp() { return this.pc.currentRemoteDescription !== null; }

  restart() {
    if (this.closed || !this.wasUp()) return;
    this.restarted();
    this.pc.restartIce();
  }

  restarted() { // each try gets longer than the one before: on a slow network a new one must not cut off the last
    this.nextAt = performance.now() + Math.min(RESTART_MS * 2 ** (this.restarts ?? 0), LONGEST_MS);
    this.restarts = (this.restarts ?? 0) + 1;
  }

  replace(kind, track) {
    return this.pc.getSenders().find((sender) => sender.track?.kind === kind)?.replaceTrack(track);
  }

  close() {
    this.closed = true;
    clearInterval(this.ticker);
    clearTimeout(this.timer);
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }
}
