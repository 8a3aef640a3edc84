// Acknowledging without leaving the page. What cannot be sent is held on this computer, shown as not yet received,
// and sent when the server can be reached; it counts only from then.
import { live } from "../live.js";
import { serverNow } from "../ui/clock.js";

const KEY = "held-acknowledgements";
const read = () => { try { return JSON.parse(sessionStorage.getItem(KEY)) ?? []; } catch { return []; } };
function write(held) {
  try { sessionStorage.setItem(KEY, JSON.stringify(held)); } catch { /* storage refused: held for this page only */ }
  document.dispatchEvent(new CustomEvent("desk:held", { detail: held }));
}
export const held = read;

const token = () => document.querySelector("input[name=csrfmiddlewaretoken][value]")?.value ?? "";

async function send(action) {
  return fetch(action, {
    method: "POST",
    headers: { "X-CSRFToken": token(), "HX-Request": "true" },
    signal: AbortSignal.timeout(10_000),
  });
}

function leave(form) {
  if (!form.elements.csrfmiddlewaretoken) { // a row that came over the socket has none
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "csrfmiddlewaretoken", value: token() }));
  }
  form.submit();
}

async function acknowledge(form, button) {
  button.disabled = true;
  try {
    const answer = await send(form.action);
    if (answer.headers.get("HX-Trigger")?.includes("alert-changed")) document.dispatchEvent(new CustomEvent("desk:acknowledged", { detail: { action: form.action } }));
    else leave(form); // signed out, or refused: the page that follows says so
  } catch {
    write([...read().filter((one) => one.action !== form.action), { action: form.action, words: form.dataset.hold, at: serverNow() }]);
    form.classList.add("held");
  }
  button.disabled = false;
}

async function drain() {
  for (const one of read()) {
    try {
      await send(one.action); // refused by now (somebody was faster) is settled as well: the row says who has it
    } catch {
      return;
    }
    write(read().filter((other) => other.action !== one.action));
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.hold === undefined) return;
  event.preventDefault();
  acknowledge(form, event.submitter ?? form.querySelector("button"));
});
let before = "";
live.onStatus(({ state }) => { if (state === "live" && before !== "live" && read().length) drain(); before = state; });
