// At sign-out: nothing that was typed stays on this phone.
import { forget } from "./draft.js";

for (const form of document.querySelectorAll("form[data-sign-out]")) form.addEventListener("submit", () => forget());
