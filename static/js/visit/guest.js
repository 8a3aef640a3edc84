// The third person, as the patient and the clinician see them: a part of the page that is fetched when the visit moves,
// and sends its own forms. Removing somebody ends their picture here at once.
import { serverNow } from "../ui/clock.js";
import { chime } from "./media.js";

export class GuestPart {
  constructor(root, screen) {
    Object.assign(this, { root, screen, place: document.querySelector("[data-guest]"), row: null, rang: null });
    if (!this.place) return;
    this.place.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(new FormData(event.target, event.submitter));
    });
    this.place.addEventListener("click", ({ target }) => { if (target.closest("[data-guest-copy]")) this.copy(); });
    setInterval(() => this.apply(), 1_000);
    this.fetch();
  }

  changed(row) {
    const before = JSON.stringify(this.row);
    this.row = row.guest;
    this.apply();
    if (before !== JSON.stringify(this.row) && !this.sending) this.fetch();
  }

  apply() { // also when the time is up and nobody says so
    const isIn = this.row?.state === "in" && Date.parse(this.row.until) > serverNow();
    this.screen.call?.letIn("guest", isIn);
    const label = this.root.querySelector("[data-third-label]");
    if (label && this.row) label.textContent = this.row.name;
  }

  async send(body) {
    body.set("csrfmiddlewaretoken", this.root.querySelector("[data-csrf] input").value);
    this.sending = true;
    await this.fetch({ method: "POST", body });
    this.sending = false;
  }

  async fetch(options) {
    if (!this.place) return;
    try {
      const answer = await fetch(this.place.dataset.guest, options);
      if (answer.ok || answer.status === 409) this.put(await answer.text());
    } catch { /* offline: what stands there stays, and the next change is fetched */ }
  }

  put(words) { // the link is shown once: it stays until the guest has used it
    const link = this.place.querySelector(".guestlink");
    this.place.innerHTML = words;
    if (link && this.row?.state === "invited" && !this.place.querySelector(".guestlink")) this.place.querySelector("form")?.before(link);
    const rings = this.place.querySelector("[data-guest-rings]") && this.row?.id;
    if (rings && this.rang !== rings) chime();
    this.rang = rings || null;
  }

  async copy() {
    const field = this.place.querySelector("[data-guest-link]");
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
    this.place.querySelector("[data-guest-copied]").hidden = false;
  }
}
