// Words read aloud by a voice that lives on this device. A voice that would send the words elsewhere is never used: where
// there is no other, nothing is said. `say` answers whether somebody speaks; `hush` stops at once.
const speech = globalThis.speechSynthesis;
const RATE = 0.9; // a little slower than talk

function ofThisDevice(language) {
  const primary = language.toLowerCase().split("-")[0];
  const voices = (speech?.getVoices() ?? []).filter((one) => one.localService && one.lang.toLowerCase().split(/[-_]/)[0] === primary);
  return voices.find((one) => one.default) ?? voices[0] ?? null;
}

speech?.getVoices(); // some browsers load them when they are first asked for

export function say(text, done = () => {}) {
  const voice = ofThisDevice(document.documentElement.lang || "en");
  if (!voice || !text) return false;
  speech.cancel();
  const words = Object.assign(new SpeechSynthesisUtterance(text), { voice, lang: voice.lang, rate: RATE });
  for (const over of ["end", "error"]) words.addEventListener(over, done);
  speech.speak(words);
  return true;
}

export function hush() {
  speech?.cancel();
}

addEventListener("pagehide", hush);
