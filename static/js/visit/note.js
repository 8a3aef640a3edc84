// The note saves itself a second after the last key, and again when the page is left. Ctrl and Enter signs.
const form = document.querySelector("form[data-note]");
const PAUSE_MS = 1_000, AGAIN_MS = 5_000;
let timer = 0, dirty = false;

async function save() {
  clearTimeout(timer);
  if (!dirty) return;
  dirty = false;
  let kept = false;
  try {
    const answer = await fetch(form.dataset.note, { method: "POST", body: new FormData(form), keepalive: true });
    kept = answer.ok;
    if (kept) show(new Date((await answer.json()).saved_at));
  } catch { /* said below, and tried again */ }
  document.querySelector("[data-note-unsaved]").hidden = kept;
  if (!kept) {
    dirty = true;
    timer = setTimeout(save, AGAIN_MS);
  }
}

function show(at) {
  const zone = document.querySelector("[data-clock]")?.dataset.clock;
  const words = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  document.querySelector("[data-note-at]").textContent = words.format(at);
  document.querySelector("[data-note-saved]").hidden = false;
}

if (form) {
  form.addEventListener("input", () => {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE_MS);
  });
  form.addEventListener("submit", () => { dirty = false; clearTimeout(timer); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  addEventListener("pagehide", save);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
}

// One form at a time: a second click while the first is on its way would cancel it.
let onItsWay = false;
document.addEventListener("submit", (event) => {
  if (onItsWay) event.preventDefault();
  else if (!event.defaultPrevented) onItsWay = true;
});
addEventListener("pageshow", () => { onItsWay = false; });
