// Times that move, from the server's clock and never from the device's:
//   data-countdown="ISO"  07:12, 3 h 21, 2 d, -01:22 once past (data-late is set then)
//   data-ago="ISO"        "2 s", "4 min" since then
//   data-clock="Zone"     the clinic's clock, 08:48:48       data-today: its day
// Screen readers don't hear ticks: a countdown is aria-live off; what crosses a limit is announced by its page.
const meta = document.querySelector('meta[name="server-now"]');
// performance.now() does not jump when the device's clock is set
let offset = meta ? Date.parse(meta.content) - performance.timeOrigin - performance.now() : 0;
const language = document.documentElement.lang || "en";

export function serverNow() {
  return performance.timeOrigin + performance.now() + offset;
}

export function setServerNow(iso) {
  const at = Date.parse(iso);
  if (!Number.isNaN(at)) offset = at - performance.timeOrigin - performance.now();
}

const two = (number) => String(number).padStart(2, "0");

export function countdown(milliseconds) {
  const sign = milliseconds < 0 ? "\u2212" : "";
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours >= 48) return `${sign}${Math.floor(hours / 24)} d`;
  if (hours) return `${sign}${hours} h ${two(minutes)}`;
  return `${sign}${two(minutes)}:${two(seconds % 60)}`;
}

export function ago(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return [seconds, "second"];
  if (seconds < 3600) return [Math.floor(seconds / 60), "minute"];
  return [Math.floor(seconds / 3600), "hour"];
}

const relative = new Intl.RelativeTimeFormat(language, { style: "short", numeric: "always" });

function tick() {
  const now = serverNow();
  for (const node of document.querySelectorAll("[data-countdown]")) {
    const left = Date.parse(node.dataset.countdown) - now;
    node.textContent = countdown(left);
    node.toggleAttribute("data-late", left < 0);
    const bar = node.dataset.bar && document.getElementById(node.dataset.bar);
    if (bar) bar.value = bar.max - Math.max(0, left / 1000);
  }
  for (const node of document.querySelectorAll("[data-ago]")) {
    const [count, unit] = ago(now - Date.parse(node.dataset.ago));
    node.textContent = relative.format(-count, unit);
  }
  for (const node of document.querySelectorAll("[data-clock]")) {
    const zone = node.dataset.clock || undefined;
    node.textContent = new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(now);
    const day = node.parentElement?.querySelector("[data-today]");
    if (day) day.textContent = new Intl.DateTimeFormat(language, { timeZone: zone, weekday: "short", day: "numeric", month: "short" }).format(now);
  }
}

tick();
setInterval(tick, 1000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
document.addEventListener("htmx:load", tick);
