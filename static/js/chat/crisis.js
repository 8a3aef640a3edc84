// The patient wrote a phrase of danger: ways to get help appear at once, also where nothing can be sent.
// The list is the server's (apps/messaging/phrases.py), put into the page.
const card = document.querySelector("[data-crisis]");
const list = document.getElementById("danger-phrases");
const escape = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const phrases = list ? JSON.parse(list.textContent).map((phrase) => phrase.split(/\s+/).map(escape).join("\\s+")) : [];
const every = phrases.length ? new RegExp(`(?<![\\p{L}\\p{N}_])(?:${phrases.join("|")})(?![\\p{L}\\p{N}_])`, "u") : null;

export function isDanger(text) {
  return Boolean(every?.test(text.replace(/[\u2019\u02bc]/g, "'").toLowerCase()));
}

export const isHelpShown = () => Boolean(card && !card.hidden);

export const bringHelp = () => card.scrollIntoView({ block: "start" });

// when: "saved" (only in this browser yet) or "sent"
export function showHelp(when) {
  if (!card) return;
  for (const words of card.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== when;
  if (isHelpShown() && when === "sent") return; // it stands there already
  card.hidden = false;
  bringHelp();
  card.querySelector("h2").focus({ preventScroll: true });
}
