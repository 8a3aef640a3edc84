// One question a screen: next, back, skip with one question back, and "show all". All of it is one page.
import { all, asked, settled } from "./questions.js";

const find = (form, key) => form.querySelector(`[data-${key}]`);

export class Pager {
  constructor(form, { leave, skip, send, turned }) {
    Object.assign(this, { form, leave, skip, send, turned });
    this.everything = document.querySelector("[data-all]");
    this.progress = document.querySelector("[data-progress]");
    this.parts = Object.fromEntries(["pager", "back", "next", "send", "skipping", "skip", "skip-sure", "skip-yes", "skip-no"].map((key) => [key, find(form, key)]));
    form.dataset.paged = "";
    this.at = this.first();
    this.wire();
    this.list("list" in form.dataset);
  }

  get shown() {
    return all(this.form).filter((question) => asked(question, this.form));
  }

  get current() {
    return this.shown[this.at];
  }

  first() {
    const open = this.shown.findIndex((question) => !settled(question) && !("optional" in question.dataset));
    return open < 0 ? Math.max(this.shown.length - 1, 0) : open;
  }

  wire() {
    const { back, next, skip } = this.parts;
    back.addEventListener("click", () => this.go(this.at - 1));
    next.addEventListener("click", () => this.onward());
    skip.addEventListener("click", () => this.sure(true));
    this.parts["skip-no"].addEventListener("click", () => this.sure(false));
    this.parts["skip-yes"].addEventListener("click", () => { this.skip(this.current); this.go(this.at + 1); });
    this.everything.addEventListener("click", () => this.list(!("list" in this.form.dataset)));
    this.form.addEventListener("change", () => this.paint());
  }

  onward() {
    if (!settled(this.current) && !("optional" in this.current.dataset)) return this.sure(true);
    return this.go(this.at + 1);
  }

  go(to) {
    if (this.current) this.leave(this.current);
    if (to >= this.shown.length) return this.send();
    this.at = Math.max(to, 0);
    this.paint();
    scrollTo(0, 0);
    return this.current.querySelector(".ask").focus({ preventScroll: true });
  }

  sure(asking) {
    this.parts["skip-sure"].hidden = !asking;
    this.parts.skip.hidden = asking;
    if (asking) this.parts["skip-yes"].focus();
  }

  list(wanted) {
    this.form.toggleAttribute("data-list", wanted);
    this.everything.hidden = false;
    this.everything.textContent = wanted ? this.everything.dataset.wordOne : this.everything.dataset.wordAll;
    if (!wanted) this.at = Math.min(this.at, this.shown.length - 1);
    this.paint();
  }

  paint() {
    const whole = "list" in this.form.dataset;
    const { shown } = this;
    this.at = Math.min(this.at, shown.length - 1);
    for (const question of all(this.form)) {
      question.hidden = !shown.includes(question) || (!whole && question !== shown[this.at]);
      question.toggleAttribute("data-screen", !whole);
    }
    const last = this.at === shown.length - 1;
    this.parts.pager.hidden = whole;
    this.parts.back.hidden = this.at === 0;
    this.parts.pager.classList.toggle("pair", this.at > 0);
    this.parts.next.textContent = last ? this.parts.send.textContent : (this.nextWord ??= this.parts.next.textContent);
    this.parts.send.hidden = !whole;
    this.parts.skipping.hidden = whole || "optional" in this.current.dataset;
    this.sure(false);
    this.count(whole);
    this.turned(this.current);
  }

  count(whole) {
    this.progress.hidden = whole;
    const words = this.progress.querySelector("[data-progress-words]");
    words.textContent = words.dataset.words.replace("%n", this.at + 1).replace("%m", this.shown.length);
    this.progress.querySelector("ol").replaceChildren(...this.shown.map((_, index) => {
      const mark = document.createElement("li");
      mark.classList.toggle("done", index <= this.at);
      return mark;
    }));
  }
}
