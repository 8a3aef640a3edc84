// This page's place on its side of a visit. The server knows one page a side; another page of the same person takes
// the place over, and this one is told.
import { live } from "../live.js";

const HERE_MS = 10_000, TRY_AGAIN = ["offline", "unsure", "unavailable"];

export class Seat {
  constructor(visit, onLost) {
    Object.assign(this, { visit, onLost, token: null, taken: false, wanted: false });
    this.timer = setInterval(() => this.here(), HERE_MS);
  }

  ask(name, fields = {}) { return live.command(`visit.${name}`, { visit: this.visit, seat: this.token, ...fields }); }

  // A new token for each taking, so that the other page builds its end of the connection anew.
  async take() {
    Object.assign(this, { wanted: true, token: crypto.randomUUID() });
    try {
      await this.ask("join");
      this.taken = true;
    } catch ({ code }) {
      this.taken = false;
      this.wanted = TRY_AGAIN.includes(code);
    }
    return this.taken;
  }

  async here() {
    if (!this.taken) return;
    try {
      await this.ask("here");
    } catch ({ code }) {
      if (code === "replaced") this.onLost();
    }
  }

  report(what, detail) { this.ask("report", { what, detail }).catch(() => {}); }

  drop() { Object.assign(this, { taken: false, wanted: false }); }

  leave() {
    this.drop();
    return this.ask("leave").catch(() => {});
  }

  end() { clearInterval(this.timer); }
}
