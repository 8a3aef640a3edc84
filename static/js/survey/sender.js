// Sends the queue of a draft, one answer after the other, in order. Tells its listener:
//   sent(answer, reply) · refused(answer, reply) · waiting() · over() · submitted(reply)
// It tries again when the phone is online, when the page is looked at, and with growing delay in between.
const FIRST = 3000;
const LAST = 60000;

export class Sender {
  constructor(draft, { answerUrl, submitUrl, csrf, listener }) {
    Object.assign(this, { draft, answerUrl, submitUrl, csrf, listener, busy: false, ended: false, delay: FIRST, timer: 0 });
    addEventListener("online", () => this.flush());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.flush(); });
  }

  async flush() {
    if (this.busy || this.ended) return;
    this.busy = true;
    clearTimeout(this.timer);
    try {
      while (this.draft.next) if (!(await this.one(this.draft.next))) return;
      if (this.draft.state.submit) await this.submit();
      this.delay = FIRST;
    } finally {
      this.busy = false;
    }
  }

  async post(url, body) {
    try {
      const response = await fetch(url, {
        method: "POST", credentials: "same-origin", keepalive: true, signal: AbortSignal.timeout?.(15000),
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf() }, body: JSON.stringify(body),
      });
      const reply = await response.json().catch(() => ({}));
      return { status: response.status, reply };
    } catch {
      return { status: 0, reply: {} }; // offline, or no answer in time
    }
  }

  settle(status) {
    if ([401, 403, 404].includes(status)) { // signed out, or somebody else's form on a shared phone
      this.ended = true;
      this.listener.over();
    } else {
      this.listener.waiting();
      this.timer = setTimeout(() => this.flush(), this.delay);
      this.delay = Math.min(this.delay * 2, LAST);
    }
  }

  async one(answer) {
    const { status, reply } = await this.post(this.answerUrl, answer);
    if (status === 200 && reply.saved) {
      this.draft.done(answer);
      this.listener.sent(answer, reply);
      return true;
    }
    if ([400, 409, 413, 422].includes(status)) {
      this.draft.done(answer);
      this.listener.refused(answer, reply);
      return true;
    }
    this.settle(status);
    return false;
  }

  async submit() {
    const { status, reply } = await this.post(this.submitUrl, {});
    if (status === 200 && reply.submitted) {
      this.draft.wantSubmit(false);
      this.listener.submitted(reply);
    } else if (status === 409) {
      this.draft.wantSubmit(false);
      this.listener.refused(null, reply);
    } else this.settle(status);
  }
}
