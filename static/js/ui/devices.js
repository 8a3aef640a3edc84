// Lets this browser notify its person: asks the browser, subscribes at its push service, tells Telek where to send.
const card = document.querySelector("[data-devices]");
const button = card.querySelector("[data-subscribe]");
const fault = card.querySelector("[data-fault]");

function bytes(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function base64url(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Enough to tell one's own devices apart; the browser's full name stays with it.
function label() {
  const said = navigator.userAgent;
  const browser = [["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]].find(([mark]) => said.includes(mark));
  const system = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Mac OS", "Mac"], ["Windows", "Windows"], ["Linux", "Linux"]].find(([mark]) => said.includes(mark));
  return [browser?.[1], system?.[1]].filter(Boolean).join(", ");
}

function complain(words) {
  fault.textContent = words;
  fault.hidden = false;
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") return complain(card.dataset.no);
  const worker = await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(card.dataset.key) });
  const answer = await fetch(card.dataset.add, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": card.querySelector("[name=csrfmiddlewaretoken]").value },
    body: JSON.stringify({ endpoint: made.endpoint, p256dh: base64url(made.getKey("p256dh")), auth: base64url(made.getKey("auth")), label: label() }),
  });
  if (answer.ok) location.reload();
  else complain((await answer.json()).error ?? card.dataset.failed);
}

if (button && "serviceWorker" in navigator && "PushManager" in window) {
  button.hidden = false;
  card.querySelector("[data-unable]").hidden = true;
  button.addEventListener("click", () => {
    fault.hidden = true;
    subscribe().catch(() => complain(card.dataset.failed));
  });
}
