// Says that somebody is here, asks whether the session is locked, and covers the page when it is.
// The server decides: another tab may have kept the session awake.
const dialog = document.getElementById("lock");
const ASK_MS = 30_000;
let active = false;
let locked = false;

async function ask(what) {
  const body = new FormData();
  if (what) {
    body.set("do", what);
    body.set("csrfmiddlewaretoken", dialog.querySelector("[name=csrfmiddlewaretoken]").value);
  }
  const answer = await fetch(dialog.dataset.state, {
    method: what ? "POST" : "GET", body: what ? body : undefined, headers: { Accept: "application/json" },
  });
  if (answer.status === 401) location.reload();
  else if (answer.ok) show((await answer.json()).locked);
}

function show(now) {
  locked = now;
  document.dispatchEvent(new CustomEvent("session:lock", { detail: { locked } }));
  if (locked && !dialog.open) {
    dialog.showModal();
    (dialog.querySelector("[type=password]") ?? dialog.querySelector("button")).focus();
  } else if (!locked && dialog.open) {
    dialog.querySelector("[data-lock-alarm]").hidden = true;
    dialog.close();
  }
}

async function tick() {
  const awake = active || document.querySelector("[data-keeps-awake]");
  active = false;
  try {
    await ask(awake && !locked ? "active" : "");
  } catch {
    // Offline: the page's own connection mark says so, and the next tick asks again.
  }
}

async function unlock(event) {
  event.preventDefault();
  const form = event.target;
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
  const refused = answer.type !== "opaqueredirect";
  form.querySelector("[data-lock-error]").hidden = !refused;
  form.reset();
  if (!refused) await ask("");
}

if (dialog) {
  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(kind, () => { active = true; }, { passive: true, capture: true });
  }
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => { if (locked) dialog.showModal(); });
  dialog.addEventListener("submit", unlock);
  // A page that hears alarms says so while it is covered: no name, no reason, only that one waits.
  document.addEventListener("session:alarm", () => { if (dialog.open) dialog.querySelector("[data-lock-alarm]").hidden = false; });
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 423) show(true); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  setInterval(tick, ASK_MS);
}
