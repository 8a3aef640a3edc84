// What the network carries, and what is sent because of it. Starting values, to be tuned:
// more than 8 % lost or less than 150 kbit/s for 6 s goes one step down, 20 s of calm one step up.
const EVERY_MS = 2_000, LOSS = 0.08, KBIT = 150, BAD_S = 6, CALM_S = 20;

// Steps of the picture, the name as the record has it; the last sends none, so that the sound is kept.
export const STEPS = [
  { name: "720p", send: { scaleResolutionDownBy: 1, maxFramerate: 30, maxBitrate: 1_500_000, active: true } },
  { name: "360p", send: { scaleResolutionDownBy: 2, maxFramerate: 30, maxBitrate: 500_000, active: true } },
  { name: "15 frames", send: { scaleResolutionDownBy: 2, maxFramerate: 15, maxBitrate: 200_000, active: true } },
  { name: "sound only", send: { scaleResolutionDownBy: 4, maxFramerate: 10, maxBitrate: 100_000, active: false } },
];
const SOUND_ONLY = STEPS.length - 1;

// Pure: feed it readings, it says on which step to be.
export class Ladder {
  constructor() { Object.assign(this, { step: 0, bad: 0, calm: 0 }); }

  // loss 0 to 1, kbit per second that would fit (undefined: not known), seconds since the last reading
  feed({ loss = 0, kbit }, seconds) {
    const silent = this.step === SOUND_ONLY; // without a picture nothing measures what would fit: only loss counts
    const poor = loss > LOSS || (!silent && kbit !== undefined && kbit < KBIT);
    this.bad = poor ? this.bad + seconds : 0;
    this.calm = poor ? 0 : this.calm + seconds;
    if (this.bad >= BAD_S && this.step < SOUND_ONLY) return this.go(1);
    if (this.calm >= CALM_S && this.step > 0) return this.go(-1);
    return false;
  }

  go(by) {
    Object.assign(this, { step: this.step + by, bad: 0, calm: 0 });
    return true;
  }
}

export async function read(pc) {
  let loss = 0, kbit;
  for (const report of (await pc.getStats()).values()) {
    if (report.type === "remote-inbound-rtp") loss = Math.max(loss, report.fractionLost ?? 0);
    if (report.type === "candidate-pair" && report.nominated && report.availableOutgoingBitrate) kbit = report.availableOutgoingBitrate / 1_000;
  }
  return { loss, kbit };
}

async function apply(pc, step) {
  const sender = pc.getSenders().find(({ track }) => track?.kind === "video");
  const parameters = sender?.getParameters();
  if (!parameters?.encodings?.length) return;
  Object.assign(parameters.encodings[0], STEPS[step].send);
  await sender.setParameters(parameters);
}

// Watches a connection; onStep(step) after each change. Returns what stops it.
export function watch(pc, onStep) {
  const ladder = new Ladder();
  let last = performance.now();
  const timer = setInterval(async () => {
    if (pc.connectionState !== "connected") { last = performance.now(); return; }
    const reading = await read(pc), now = performance.now();
    if (ladder.feed(reading, (now - last) / 1_000)) {
      await apply(pc, ladder.step).catch((error) => console.warn("visit quality", error.message));
      onStep(ladder.step);
    }
    last = now;
  }, EVERY_MS);
  return () => clearInterval(timer);
}
