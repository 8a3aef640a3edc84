// One message, one read mark: over the live socket, and where that is away as the page's own form would send it.
import { live } from "../live.js";

// Not the message's fault: the same again later, under the same client id.
const LATER = new Set(["offline", "unsure", "unavailable", "failed", "locked", "too-many", "unknown"]);
const WAIT_MS = 15_000;
let offlineAt = 0;
addEventListener("offline", () => { offlineAt = performance.now(); });

// The browser says that there is no network, and the socket has heard nothing since: nothing is even tried, so that
// what was written can still be changed. (Some computers say so wrongly; there the socket is believed.)
const isCut = () => !navigator.onLine && !(live.status.checkedAt > offlineAt);

async function post(address, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  const headers = { Accept: "application/json" };
  return fetch(address, { method: "POST", body, headers, redirect: "manual", signal: AbortSignal.timeout(WAIT_MS) });
}

async function send(thread, address, item) {
  if (isCut()) return { later: true, unsure: false };
  try {
    return { sent: await live.command("chat.send", { thread, client_id: item.client, body: item.body }) };
  } catch (problem) {
    if (!LATER.has(problem.code)) return { refused: problem.message };
    if (problem.code === "locked" || isCut()) return { later: true, unsure: problem.code === "unsure" };
  }
  try {
    const answer = await post(address, { client_id: item.client, body: item.body });
    if (answer.ok) return { sent: await answer.json() };
    if (answer.status === 422) return { refused: (await answer.json()).message };
    return { later: true, unsure: answer.status >= 500 };
  } catch {
    return { later: true, unsure: true };
  }
}

// Was it written down?
async function markRead(thread, address, seq) {
  try {
    await live.command("chat.read", { thread, seq });
    return true;
  } catch (problem) {
    if (!["offline", "unsure"].includes(problem.code) || isCut()) return false;
  }
  try {
    return (await post(address, { seq })).ok;
  } catch {
    return false;
  }
}

export { isCut, markRead, send };
