{% load i18n static %}// Keeps the look of the pages and the help page for when there is no network; and the person's own safety plan, sealed
// under a key of this browser that no script can read out, until they sign out or their session
// is over. Nothing else about a person is kept.
const CACHE = "telek-{{ version }}";
const HELP = "{% url 'help-now' %}";
const PLAN = "{% url 'safety-plan' %}";
const SEALED = "telek-plan"; // forget.js and plan.js know these two names
const SAFE = "telek-safe";
const FILES = [HELP{% for path in files %}, "{{ path }}"{% endfor %}];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("telek-") && name !== CACHE && name !== SEALED);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

async function keep(request, response) {
  if (response.ok && response.type === "basic" && !response.redirected) await (await caches.open(CACHE)).put(request, response.clone());
  return response;
}

async function fromCacheFirst(request) {
  return (await caches.match(request)) ?? keep(request, await fetch(request));
}

async function helpPage(request) {
  try {
    return await keep(HELP, await fetch(request));
  } catch {
    return caches.match(HELP);
  }
}

function safe(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(SAFE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asked = work(opening.result.transaction("keys", mode).objectStore("keys"));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
      opening.result.onversionchange = () => opening.result.close();
    };
  });
}

async function planKey(make) {
  const known = await safe("readonly", (keys) => keys.get("plan"));
  if (known || !make) return known;
  const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await safe("readwrite", (keys) => keys.put(fresh, "plan"));
  return fresh;
}

async function keepPlan(response) {
  if (!response.ok || response.redirected || response.type !== "basic") return;
  const plain = new TextEncoder().encode(await response.text());
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await planKey(true), plain);
  await (await caches.open(SEALED)).put(PLAN, new Response(new Blob([iv, sealed])));
}

async function keptPlan() {
  const stored = await (await caches.open(SEALED)).match(PLAN);
  const key = stored && (await planKey(false));
  if (!key) return undefined;
  const bytes = new Uint8Array(await stored.arrayBuffer());
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.slice(0, 12) }, key, bytes.slice(12));
  return new Response(plain, { headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'self'" } });
}

// The sign-in page instead of the plan: the session is over (also when it was ended from another device).
const isOver = (response) => response.redirected || response.type === "opaqueredirect" || [401, 403, 404].includes(response.status);

async function forgetPlan() {
  await caches.delete(SEALED);
  await safe("readwrite", (keys) => keys.delete("plan"));
}

async function planPage(event) {
  try {
    const response = await fetch(event.request);
    if (isOver(response)) event.waitUntil(forgetPlan().catch(() => {}));
    else event.waitUntil(keepPlan(response.clone()).catch(() => {})); // a browser that refuses to store shows it all the same
    return response;
  } catch {
    return (await keptPlan().catch(() => undefined)) ?? (await caches.match(HELP)) ?? Response.error();
  }
}

async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(HELP)) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("{{ static_url }}")) event.respondWith(fromCacheFirst(event.request));
  else if (url.pathname === PLAN) event.respondWith(planPage(event));
  else if (event.request.mode === "navigate") event.respondWith(url.pathname === HELP ? helpPage(event.request) : page(event.request));
});

// A notification: one sentence without anything clinical. Its key is the tag, so that a repeat takes the first one's place.
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));

async function show(data) {
  const said = read(data);
  await self.registration.showNotification("Telek", {
    body: said.text, tag: said.token, data: said, icon: "{% static 'img/mark.svg' %}", renotify: Boolean(said.token), requireInteraction: said.urgent,
  });
  await tell(said.token, "delivered");
}

function read(data) {
  const unread = { text: "{% translate 'You have a message in Telek.' %}", path: "/", token: "", urgent: false };
  try {
    return { ...unread, ...data.json() };
  } catch {
    return unread;
  }
}

// Best effort: without this word the message goes over another way as well.
async function tell(token, what) {
  if (token) await fetch(`/push/${token}/`, { method: "POST", body: new URLSearchParams({ what }), credentials: "omit" }).catch(() => {});
}

self.addEventListener("notificationclick", (event) => {
  const { path, token } = event.notification.data;
  event.notification.close();
  event.waitUntil(Promise.all([self.clients.openWindow(path), tell(token, "opened")]));
});
