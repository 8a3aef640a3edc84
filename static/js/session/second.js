// The second person's passkey on a colleague's screen: beside each PIN field a button that asks their device.
const url = "/desk/second-signature/";
const words = document.querySelector("[data-passkey-words]")?.dataset;

async function ask(form, body) {
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value, second: form.elements.second.value, ...body }), headers: { Accept: "application/json" } });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.words ?? "");
  return said;
}

async function confirm(form, state, press) {
  if (!form.elements.second.value) { state.textContent = words.who; form.elements.second.focus(); return; }
  state.textContent = words.wait;
  try {
    const { ask: options } = await ask(form, {});
    const credential = await globalThis.webauthnJSON.get(options);
    const { proof } = await ask(form, { answer: JSON.stringify(credential) });
    form.elements.passkey.value = proof;
    state.textContent = words.done;
    form.requestSubmit(press);
  } catch (error) {
    state.textContent = error.name === "NotAllowedError" ? words.failed : error.message || words.failed;
  }
}

function offer() {
  if (!words || !globalThis.PublicKeyCredential || !globalThis.webauthnJSON) return;
  for (const form of document.querySelectorAll("form")) {
    if (!form.elements.passkey || form.querySelector("[data-passkey]")) continue;
    const press = [...form.querySelectorAll("button")].find((one) => one.type === "submit" && !one.name);
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: words.label });
    button.dataset.passkey = "";
    const state = Object.assign(document.createElement("p"), { className: "muted xs" });
    state.setAttribute("role", "status");
    button.addEventListener("click", () => confirm(form, state, press));
    (form.elements.pin.closest(".field") ?? form.elements.pin).after(button, state);
  }
}

offer();
document.addEventListener("htmx:load", offer);
