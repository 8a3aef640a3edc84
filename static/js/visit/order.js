// A form ordered beside the call: sent without leaving the page, and what became of it said in place.
const form = document.querySelector("form[data-order]");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const line = form.querySelector("[data-ordered]"), button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body: new FormData(form) });
    line.textContent = answer.ok ? line.dataset.words : (await answer.json()).detail;
    if (answer.ok) form.reset();
  } catch {
    line.textContent = form.dataset.offline ?? "";
  }
  button.disabled = false;
});
