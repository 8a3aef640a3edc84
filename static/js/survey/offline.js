// The service worker: help and the look of the pages work without a network. Of a person it keeps their own safety plan, sealed.
export function register() {
  navigator.serviceWorker?.register("/sw.js").catch(() => {}); // refused (private window): the pages work without it
}
