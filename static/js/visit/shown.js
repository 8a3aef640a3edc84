// What both sides look at, a curve or a scale: fetched when the visit's version moves; an answer is sent as it is given.
export class Shown {
  constructor(root) {
    Object.assign(this, { root, place: root.querySelector("[data-shown]"), sending: 0 });
    if (!this.place) return;
    this.place.addEventListener("change", (event) => this.answered(event.target));
    document.addEventListener("click", (event) => this.clicked(event.target.closest("[data-show], [data-hand-in]")));
    document.addEventListener("change", (event) => this.chosen(event.target.closest("[data-show-scale]")));
  }

  async refresh() {
    if (!this.place || this.sending) return;
    try {
      const answer = await fetch(this.place.dataset.shownUrl);
      if (!answer.ok || this.sending) return;
      const held = document.activeElement?.id;
      const words = await answer.text();
      if (document.activeElement?.matches?.("[data-shown] textarea, [data-shown] input[type=number]")) return; // being typed
      this.place.innerHTML = words;
      if (held?.startsWith("t-")) document.getElementById(held)?.focus();
    } catch { /* offline: what stands there stays, and the next change is fetched */ }
  }

  async post(url, fields) {
    const body = new FormData(this.root.querySelector("[data-csrf]"));
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    this.sending += 1;
    try {
      return await fetch(url, { method: "POST", body });
    } catch {
      return { ok: false };
    } finally {
      this.sending -= 1;
    }
  }

  async answered(control) {
    const item = control.closest("[data-link-id]");
    if (!item) return;
    const fields = { link_id: item.dataset.linkId, value: control.value, client_id: crypto.randomUUID() };
    const { ok } = await this.post(this.place.dataset.answerUrl, fields);
    control.blur();
    await this.refresh();
    const line = this.place.querySelector("[data-together-status]");
    if (line) line.textContent = ok ? line.dataset.wordSaved : line.dataset.wordFailed;
  }

  clicked(button) {
    if (!button) return;
    if ("handIn" in button.dataset) this.act(this.place.dataset.submitUrl, {});
    else this.act(this.place.dataset.showUrl, { what: button.dataset.show });
  }

  chosen(select) {
    if (!select?.value) return;
    this.act(this.place.dataset.showUrl, { what: "scale", questionnaire: select.value });
    select.value = "";
  }

  async act(url, fields) {
    const { ok } = await this.post(url, fields);
    const line = document.querySelector("[data-show-refused]");
    if (line) line.hidden = ok;
    await this.refresh();
  }
}
