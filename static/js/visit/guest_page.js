// The page of a call's guest: wait, be let in, talk, and know when it is over.
import { live } from "../live.js";
import { Screen } from "./screen.js";

const root = document.getElementById("visit");
const waiting = document.querySelector("[data-waiting]"), over = document.querySelector("[data-over]");
const screen = new Screen(root);
const opened = screen.open();
let isIn = false, ended = false;

function end() {
  if (ended) return;
  ended = true;
  screen.end();
  root.hidden = waiting.hidden = true;
  over.hidden = false;
}

async function still() { // a socket that is refused does not say why; the page does
  try { if ((await fetch("/guest/")).status === 404) end(); } catch { /* offline: the call goes on */ }
}

live.follow(`visit:${root.dataset.visit}`, {
  onState: ([row]) => {
    if (!row || row.state !== "in" || isIn) return;
    isIn = true;
    waiting.hidden = true;
    opened.then(() => { if (!ended) screen.start(); });
  },
});
live.onStatus(({ state }) => {
  if (["revoked", "signed-out"].includes(state)) end();
  else if (state === "broken") still();
});
