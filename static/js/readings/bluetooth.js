// Fills the form from a cuff, a belt or an oximeter of the standard profiles; the person looks and saves.
import { PROFILES } from "./gatt.js";

const box = document.querySelector("[data-bluetooth]");
const say = (words) => { box.querySelector("[data-said]").textContent = words; };

function fill(values, device) {
  for (const [name, value] of Object.entries(values)) {
    const field = document.querySelector(`[name="${name}"]`);
    if (field && value !== null) field.value = value;
  }
  document.querySelector('[name="device"]').value = (device.name || "").slice(0, 50);
  say(box.dataset.filled);
}

async function listen(server, profile, device) {
  const service = await server.getPrimaryService(profile.service);
  const characteristic = await service.getCharacteristic(profile.characteristic);
  characteristic.addEventListener("characteristicvaluechanged", (event) => fill(profile.read(event.target.value), device));
  await characteristic.startNotifications();
}

async function connect() {
  say(box.dataset.searching);
  try {
    const filters = [...new Set(PROFILES.map((one) => one.service))].map((service) => ({ services: [service] }));
    const device = await navigator.bluetooth.requestDevice({ filters });
    device.addEventListener("gattserverdisconnected", () => say(box.dataset.gone));
    const server = await device.gatt.connect();
    const heard = await Promise.allSettled(PROFILES.map((profile) => listen(server, profile, device)));
    say(heard.some((one) => one.status === "fulfilled") ? box.dataset.waiting : box.dataset.unknown);
  } catch (error) {
    say(error.name === "NotFoundError" ? box.dataset.none : box.dataset.failed);
  }
}

if (box) {
  const able = Boolean(navigator.bluetooth);
  box.querySelector("[data-unable]").hidden = able;
  const button = box.querySelector("[data-connect]");
  button.hidden = !able;
  button.addEventListener("click", connect);
}
