// Elapsed times by the server's clock: data-since="ISO" becomes 1:38:43; every second `onTick` may look at limits.
import { serverNow } from "../ui/clock.js";

const two = (number) => String(number).padStart(2, "0");

export function elapsed(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}

export function run(onTick = () => {}) {
  const tick = () => {
    const now = serverNow();
    for (const node of document.querySelectorAll('main [data-since]:not([data-since=""])')) node.textContent = elapsed(now - Date.parse(node.dataset.since));
    onTick(now);
  };
  tick();
  setInterval(tick, 1000);
  return tick;
}
