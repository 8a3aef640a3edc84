// The page of whoever is with a person at home: asks the server again by itself, and calls when a look-in is due.
// Nothing is kept here; without this script the page is reloaded by hand.
const EVERY = 20000;
const box = document.querySelector("#beside");
let due = Date.parse(box.dataset.due) || 0;
let called = 0;

function call() {
  if (!due || Date.now() < due || called === due) return;
  called = due;
  navigator.vibrate?.([400, 200, 400, 200, 400]);
  try {
    const sound = new AudioContext();
    const tone = sound.createOscillator();
    tone.frequency.value = 660;
    tone.connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + 1.2);
  } catch {
    document.title = `! ${document.title}`;
  }
}

async function ask() {
  if (document.visibilityState === "hidden" && Date.now() < due) return;
  if (box.contains(document.activeElement) && document.activeElement.matches("input")) return call(); // somebody types
  try {
    const answer = await fetch(box.dataset.src, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#beside");
    if (!fresh) return location.reload();
    due = Date.parse(fresh.dataset.due) || 0;
    box.replaceChildren(...fresh.childNodes);
    box.dataset.due = fresh.dataset.due;
  } catch {
    // Without a network the page stays as it is; a look-in that does not arrive is told at the clinic.
  }
  call();
}

setInterval(ask, EVERY);
setInterval(call, 1000);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
