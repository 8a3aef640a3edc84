{% load i18n static %}// Keeps the look of the pages and the help page for when there is no network. Nothing about a person is kept.
const CACHE = "telek-{{ version }}";
const HELP = "{% url 'help-now' %}";
const FILES = [HELP{% for path in files %}, "{{ path }}"{% endfor %}];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("telek-") && name !== CACHE);
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
