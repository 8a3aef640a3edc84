// A photo or PDF beside the words: it goes out at once or not at all, and is never lost without a word. Files are not
// kept in the browser's queue: a phone's storage takes no photos, and a queue that drops them would be a lie.
import { isCut } from "./delivery.js";

const WAIT_MS = 120_000;

export class Files {
  // onSent(answer): the server has words and file
  constructor(form, onSent) {
    this.form = form;
    this.place = form.querySelector("[data-attach]");
    this.field = form.querySelector("[data-file]");
    this.onSent = onSent;
    this.client = null;
    if (!this.place) return;
    this.state = this.place.querySelector("[data-file-state]");
    this.drop = this.place.querySelector("[data-file-drop]");
    this.field.addEventListener("change", () => { this.client = null; this.#say(this.isChosen && isCut() ? "wordOffline" : ""); this.#show(); });
    this.drop.addEventListener("click", () => this.clear());
    addEventListener("online", () => { if (this.isChosen) this.#say(""); });
  }

  get isChosen() { return Boolean(this.field?.files.length); }

  clear() {
    this.field.value = "";
    this.client = null;
    this.#say("");
    this.#show();
  }

  // The same client id is sent again after a failure: whatever arrived, it is one message.
  async send() {
    if (isCut()) return this.#say("wordOffline");
    if (this.place.dataset.busy) return;
    this.place.dataset.busy = "1";
    this.client ??= crypto.randomUUID?.() ?? this.form.elements.client_id.value;
    this.#say("wordSending");
    const body = new FormData(this.form);
    body.set("client_id", this.client);
    try {
      const answer = await fetch(location.pathname, {
        method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(WAIT_MS),
      });
      if (answer.ok) {
        const sent = await answer.json();
        this.clear();
        this.onSent(sent);
      } else if (answer.status === 422) this.#tell((await answer.json()).message);
      else this.#say("wordFailed");
    } catch {
      this.#say(isCut() ? "wordOffline" : "wordFailed");
    } finally {
      delete this.place.dataset.busy;
    }
  }

  #show() { this.drop.hidden = !this.isChosen; }
  #say(word) { this.#tell(word ? this.place.dataset[word] : ""); }

  #tell(text) {
    this.state.textContent = text;
    this.state.hidden = !text;
  }
}
