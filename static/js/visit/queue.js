// The desk's lists of visits, fetched again when the waiting room changes.
const queue = document.getElementById("queue");
let timer = 0, running = false;

async function refresh() {
  if (running) { timer = setTimeout(refresh, 200); return; }
  running = true;
  try {
    const answer = await fetch(queue.dataset.queue);
    if (answer.ok) queue.innerHTML = await answer.text();
  } catch { /* offline: the connection mark says so */ } finally {
    running = false;
  }
}

document.addEventListener("visits:changed", () => { clearTimeout(timer); timer = setTimeout(refresh, 100); });
setInterval(() => { if (!document.hidden) refresh(); }, 30_000); // whose page was closed is known by its silence
