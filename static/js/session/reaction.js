// The reaction and memory task: words one after the other, taps by the clock of this browser, then the words again.
const form = document.getElementById("reaction");
const { tries, wait, now, early: tooEarly, good } = form.dataset;
const WORD_MS = 1800, LEAST_MS = 1200, SPREAD_MS = 2200, MISSED_MS = 2500;
const times = [];
let tooSoon = 0, shownAt = 0, timer = 0;

const step = (name) => {
  for (const part of form.querySelectorAll("[data-step]")) part.hidden = part.dataset.step !== name;
  form.querySelector(`[data-step="${name}"] :is(button, input)`)?.focus();
};
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function words() {
  step("words");
  const place = form.querySelector("[data-word]");
  for (const one of form.querySelectorAll("[data-words] li")) {
    place.textContent = one.textContent;
    await pause(WORD_MS);
    place.textContent = "";
    await pause(250);
  }
  step("taps");
  next();
}

const field = form.querySelector("[data-field]"), said = form.querySelector("[data-said]");

function next() {
  if (times.length >= Number(tries)) return finish();
  shownAt = 0;
  field.textContent = wait;
  field.classList.remove("now");
  clearTimeout(timer);
  timer = setTimeout(show, LEAST_MS + Math.random() * SPREAD_MS);
}

function show() {
  field.textContent = now;
  field.classList.add("now");
  shownAt = performance.now();
  timer = setTimeout(() => { times.push(MISSED_MS); next(); }, MISSED_MS);
}

function tapped(event) {
  event.preventDefault();
  if (event.repeat) return;
  if (!shownAt) { tooSoon += 1; said.textContent = tooEarly; return next(); }
  times.push(Math.round(performance.now() - shownAt));
  said.textContent = `${good} ${times.length} / ${tries}`;
  next();
}

function finish() {
  clearTimeout(timer);
  form.elements.reactions.value = times.join(",");
  form.elements.early.value = Math.min(tooSoon, 99);
  step("picks");
}

field.addEventListener("pointerdown", tapped);
field.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") tapped(event); });
form.querySelector("[data-needs-script]").hidden = true;
const begin = form.querySelector("[data-begin]");
begin.hidden = false;
begin.addEventListener("click", words);
