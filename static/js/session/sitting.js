// The page of one session: its parts are fetched again when something happened; what somebody types in stays.
import { live } from "../live.js";
import { tone, URGENT } from "../desk/sound.js";
import { run } from "./clocks.js";
import { tap } from "./taps.js";

const { session } = document.getElementById("sitting").dataset;
const PIN_MS = 10_000;
let running = false, again = false;

function busy(part) {
  return part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
}

async function refresh() {
  if (running) { again = true; return; }
  running = true;
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* offline: the connection mark says so */ } finally {
    running = false;
    if (again) { again = false; refresh(); }
  }
}

function show(page) {
  const alarmed = document.querySelectorAll('[data-part="signs"] .p1').length;
  for (const part of document.querySelectorAll("[data-part]")) {
    const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (fresh && !busy(part)) part.innerHTML = fresh.innerHTML;
  }
  if (document.querySelectorAll('[data-part="signs"] .p1').length > alarmed) tone(URGENT);
  reveal();
  tick(); // or the clocks would show times of day until the next second
  document.dispatchEvent(new Event("htmx:load"));
}

function reveal() { // taking back needs this script
  for (const button of document.querySelectorAll("[data-void]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-void]");
  if (button) { button.disabled = true; tap(session, { kind: "void", corrects: button.dataset.void }); }
});

// mg/kg while the dose is typed; the server judges it
const dose = document.querySelector("form[data-dose]");
const ratio = dose?.querySelector("[data-mg-per-kg]");
dose?.addEventListener("input", () => {
  const [mg, kg] = ["dose_mg", "weight_kg"].map((name) => Number(dose.elements[name]?.value));
  ratio.textContent = mg > 0 && kg > 0 ? `${(mg / kg).toFixed(2)} mg/kg` : "";
});
dose?.dispatchEvent(new Event("input"));

// a PIN that was typed and not sent is forgotten
for (const pin of document.querySelectorAll("[data-pin]")) {
  let timer = 0;
  pin.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { pin.value = ""; }, PIN_MS); });
}

document.addEventListener("session:sent", refresh);
live.follow("sessions", { onState: (rows) => { if (rows.some((row) => row.id === session)) refresh(); } });
setInterval(() => { if (!document.hidden) refresh(); }, 30_000); // the clocks open the gate without an event
reveal();
const tick = run();
