// The service worker: help and the look of the pages work without a network. It keeps nothing about a person.
export function register() {
  navigator.serviceWorker?.register("/sw.js").catch(() => {}); // refused (private window): the pages work without it
}
