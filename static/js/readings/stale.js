// A value that grows old while the page is open looks old: data-stale-at="ISO".
import { serverNow } from "../ui/clock.js";

function age() {
  for (const node of document.querySelectorAll("[data-stale-at]")) {
    const old = Date.parse(node.dataset.staleAt) <= serverNow();
    node.classList.toggle("muted", old);
    const words = node.querySelector("[data-stale-words]");
    if (words) words.hidden = !old;
  }
}

age();
setInterval(age, 5000);
