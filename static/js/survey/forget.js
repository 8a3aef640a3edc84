// At sign-out: nothing that was typed stays on this phone.
import { forget } from "./draft.js";
import { forgetPlan } from "./forget_plan.js";


// drafts and messages on their way (chat/outbox.js keeps them under chat:person:thread)
function forgetChat() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("chat:")) localStorage.removeItem(key);
  } catch {
    // a browser that refuses to store has kept nothing
  }
}

for (const form of document.querySelectorAll("form[data-sign-out]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    forgetChat();
    forget();
    try { sessionStorage.removeItem("plan:kept"); } catch { /* nothing was kept */ }
    await Promise.race([forgetPlan().catch(() => {}), new Promise((go) => setTimeout(go, 1500))]);
    form.submit();
  });
}
