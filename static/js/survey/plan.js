// The safety plan is kept, sealed, on this device, so that it opens without a network (sw.js); unless the person says no.
import { register } from "./offline.js";
import { forgetPlan } from "./forget_plan.js";

const NOT_HERE = "plan:not-here";
const DONE = "plan:kept"; // in this tab, and whose
const OF = "plan:of"; // whose plan lies on this device
const { planOf: person, planAt: address } = document.querySelector("[data-plan-of]").dataset;
const box = document.querySelector("[data-plan]");
const store = { get: (where, name) => { try { return where.getItem(name); } catch { return null; } } };

function say() {
  if (!box) return;
  const off = Boolean(store.get(localStorage, NOT_HERE));
  box.hidden = false;
  box.querySelector("[data-kept]").hidden = off;
  box.querySelector("[data-not-kept]").hidden = !off;
}

// Somebody else is signed in: what the person before left here goes, also where there is no new plan to take its place.
async function onlyTheirOwn() {
  if (store.get(localStorage, OF) === person) return;
  await forgetPlan();
  localStorage.setItem(OF, person);
}

async function keep() {
  await onlyTheirOwn();
  if (!address || store.get(localStorage, NOT_HERE) || (!box && store.get(sessionStorage, DONE) === person)) return;
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) await new Promise((go) => navigator.serviceWorker.addEventListener("controllerchange", go, { once: true }));
  const answer = await fetch(address);
  if (answer.ok) sessionStorage.setItem(DONE, person);
}

register();
say();
if ("serviceWorker" in navigator) keep().catch(() => {}); // refused (private window): the page works without it
box?.addEventListener("click", async (event) => {
  const wanted = event.target.closest("[data-keep]")?.dataset.keep;
  if (!wanted) return;
  if (wanted === "yes") localStorage.removeItem(NOT_HERE);
  else { localStorage.setItem(NOT_HERE, "1"); await forgetPlan(); }
  say();
  if (wanted === "yes") await keep().catch(() => {});
});
