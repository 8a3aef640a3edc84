// Short tones by Web Audio. A browser allows sound only after a gesture: until then the page says that it is muted.
let context = null;

function badge() {
  const node = document.querySelector("[data-sound]");
  if (node) node.hidden = context?.state === "running";
}

function wake() {
  context ??= new AudioContext();
  context.resume().then(badge, badge);
}

for (const gesture of ["click", "keydown"]) addEventListener(gesture, wake, { once: true, passive: true });
document.addEventListener("click", (event) => { if (event.target.closest("[data-sound-on]")) wake(); });
badge();

// pattern: [frequency in Hz, start in s, length in s], ...
export function tone(pattern) {
  const root = document.documentElement; // what was asked to sound, muted or not
  root.dataset.toned = `${root.dataset.toned ?? ""} ${pattern[0][0]}`.slice(-40);
  badge();
  if (context?.state !== "running") return false;
  for (const [frequency, start, length] of pattern) {
    const at = context.currentTime + start;
    const wave = new OscillatorNode(context, { frequency, type: "sine" });
    const loud = new GainNode(context, { gain: 0 });
    loud.gain.setTargetAtTime(0.25, at, 0.01);
    loud.gain.setTargetAtTime(0, at + length, 0.03);
    wave.connect(loud).connect(context.destination);
    wave.start(at);
    wave.stop(at + length + 0.3);
  }
  return true;
}

export const URGENT = [[880, 0, 0.16], [660, 0.2, 0.16], [880, 0.4, 0.22]];
export const TODAY = [[660, 0, 0.18]];
export const CUT_OFF = [[440, 0, 0.3], [330, 0.35, 0.4]];
