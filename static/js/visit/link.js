// The connection to one other page of a call, with the picture's quality that its network carries.
import { Peer } from "./peer.js";
import { STEPS, watch } from "./quality.js";

const RANK = { clinician: 0, patient: 1, guest: 2 }; // of two who speak at once, the higher number gives way

export class Link {
  constructor({ side, seat, own, configuration, stream, send, on }) {
    Object.assign(this, { side, seat, on, step: 0, droppedAt: null });
    this.peer = new Peer({
      configuration, stream, polite: RANK[own] > RANK[side], send,
      on: { track: on.track, state: (state) => this.moved(state) },
    });
    this.unwatch = watch(this.peer.pc, (step) => this.stepped(step));
  }

  stepped(step) {
    const words = `${STEPS[this.step].name} to ${STEPS[step].name}`;
    this.on.report(step > this.step ? "lowered" : "raised", words);
    this.step = step;
    this.on.stepped();
  }

  moved(state) {
    if (state === "lost") this.droppedAt ??= performance.now();
    if (state === "connected" && this.droppedAt !== null) {
      this.on.report("dropped", `${Math.round((performance.now() - this.droppedAt) / 1_000)} s`);
      this.droppedAt = null;
    }
    this.on.moved();
  }

  close() {
    this.unwatch();
    this.peer.close();
  }
}
