// Music and exercises: one track at a time, "Calmer" makes it softer or plays what the clinic chose for that, breathing
// is paced by a circle, a word and a soft tone made here, and read aloud by a voice of this device when asked for. Nothing
// comes from elsewhere. Without this script the players work.
import { hush, say } from "./voice.js";

const box = document.getElementById("calm");
const words = box.dataset;
const said = box.querySelector("[data-said]");
const players = [...box.querySelectorAll("audio")];
const SOFT = 0.25, STEPS = 20, STEP_MS = 100;
let sound = null;

function heard(what, key) { // the server keeps it only while the person is in a session; the music does not wait for it
  const body = new URLSearchParams({ what, key, client_id: crypto.randomUUID(), csrfmiddlewaretoken: box.querySelector("[name=csrfmiddlewaretoken]").value });
  fetch(words.heard, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => { box.dataset.unsent = "1"; });
}

for (const player of players) {
  player.addEventListener("play", () => {
    for (const other of players) if (other !== player) other.pause();
    said.textContent = "";
    heard(player.dataset.kind === "calmer" ? "calmer" : "begins", player.dataset.track);
  });
  player.addEventListener("ended", () => heard("stopped", player.dataset.track));
  player.addEventListener("error", () => { said.textContent = words.failed; });
}

const calmer = box.querySelector("[data-calmer]");
calmer.hidden = players.length === 0;
calmer.addEventListener("click", async () => {
  const now = players.find((one) => !one.paused);
  const soft = players.find((one) => one.dataset.kind === "calmer");
  if (soft && now !== soft) {
    if (now) await fade(now, 0);
    now?.pause();
    if (now) now.volume = 1;
    soft.volume = 0.6;
    await soft.play().catch(() => { said.textContent = words.failed; });
    return;
  }
  if (now) { await fade(now, Math.min(now.volume, SOFT)); heard("calmer", now.dataset.track); }
  said.textContent = words.soft;
});

async function fade(player, to) {
  const from = player.volume;
  for (let n = 1; n <= STEPS; n += 1) {
    player.volume = from + ((to - from) * n) / STEPS;
    await new Promise((done) => { setTimeout(done, STEP_MS); });
  }
}

function hum(frequency, seconds) { // a tone that comes and goes
  if (!sound) return;
  const wave = new OscillatorNode(sound, { frequency, type: "sine" });
  const loud = new GainNode(sound, { gain: 0 });
  loud.gain.linearRampToValueAtTime(0.12, sound.currentTime + seconds * 0.4);
  loud.gain.linearRampToValueAtTime(0, sound.currentTime + seconds);
  wave.connect(loud).connect(sound.destination);
  wave.start();
  wave.stop(sound.currentTime + seconds);
}

for (const part of box.querySelectorAll("[data-exercise]")) exercise(part);

function exercise(part) {
  const start = part.querySelector("[data-start]"), stop = part.querySelector("[data-stop]");
  const read = part.querySelector("[data-read]"), reads = part.querySelector("[data-reads]");
  const breath = part.querySelector("[data-breath]");
  const lines = [...part.querySelectorAll("li")];
  let timer = 0, until = 0, aloud = false, now = "";
  start.hidden = read.hidden = false;
  start.addEventListener("click", begin);
  stop.addEventListener("click", end);
  read.addEventListener("click", () => {
    if (aloud) return silent();
    aloud = true;
    read.setAttribute("aria-pressed", "true");
    if (stop.hidden) begin(); else speak(now);
  });

  function begin() {
    for (const other of box.querySelectorAll("[data-stop]:not([hidden])")) other.click(); // one exercise at a time
    sound ??= new AudioContext();
    sound.resume();
    until = Date.now() + Number(part.dataset.minutes) * 60000;
    start.hidden = true;
    stop.hidden = false;
    stop.focus();
    heard("exercise", part.dataset.exercise);
    if (!breath) return line(0);
    breath.hidden = false;
    // what to do is read first, then the breath is paced
    if (!speak(lines.map((one) => one.textContent).join(" "), first)) first();
  }
  function first() {
    if (!timer && !stop.hidden) inhale();
  }
  function speak(text, after) {
    now = text;
    if (!aloud) return false;
    if (say(text, after)) return true;
    silent();
    reads.textContent = words.voiceless;
    return false;
  }
  function silent() {
    hush();
    aloud = false;
    reads.textContent = "";
    read.setAttribute("aria-pressed", "false");
    if (breath) first(); // nobody waits for words that are not read
  }

  function end() {
    clearTimeout(timer);
    timer = 0;
    hush();
    aloud = false;
    read.setAttribute("aria-pressed", "false");
    for (const one of lines) one.removeAttribute("aria-current");
    if (breath) breath.hidden = true;
    stop.hidden = true;
    start.hidden = false;
    start.focus();
  }
  function phase(word, seconds, wide, after) {
    const ball = breath.querySelector(".ball");
    breath.querySelector("[data-phase]").textContent = word;
    speak(word);
    ball.className = `ball s${Math.min(Math.max(seconds, 2), 8)}${wide ? " wide" : ""}`;
    timer = setTimeout(after, seconds * 1000);
  }
  function inhale() {
    if (Date.now() > until) { said.textContent = words.over; return end(); }
    const seconds = Number(part.dataset.inS);
    hum(196, seconds);
    phase(words.in, seconds, true, hold);
  }
  function hold() {
    const seconds = Number(part.dataset.holdS);
    if (seconds) phase(words.hold, seconds, true, exhale); else exhale();
  }
  function exhale() {
    const seconds = Number(part.dataset.outS);
    hum(147, seconds);
    phase(words.out, seconds, false, inhale);
  }
  function line(n) { // a sentence at a time, each announced by a soft tone
    for (const one of lines) one.removeAttribute("aria-current");
    if (n >= lines.length) { said.textContent = words.over; return end(); }
    lines[n].setAttribute("aria-current", "step");
    hum(174, 2);
    speak(lines[n].textContent);
    timer = setTimeout(() => line(n + 1), (Number(part.dataset.minutes) * 60000) / lines.length);
  }
}
