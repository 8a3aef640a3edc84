// The words about a call: how the connection is, what the other side has off, what keeps this device from working.
// Every word stands in the page; here one of them is shown.
const POOR = ["weak", "low", "sound-only", "reconnecting", "call-me", "replaced"], OUT = ["left", "replaced"];

const only = (nodes, name, value) => { for (const node of nodes) node.hidden = node.dataset[name] !== value; };

export class Line {
  constructor(root) {
    Object.assign(this, { root, line: root.querySelector("[data-quality]") });
  }

  fault(code) {
    this.root.querySelector("[data-faults]").hidden = !code;
    only(this.root.querySelectorAll("[data-fault]"), "fault", code ?? "");
  }

  state(name, seconds) {
    this.line.hidden = false;
    this.line.classList.toggle("poor", POOR.includes(name));
    only(this.line.querySelectorAll("[data-state]"), "state", name);
    this.line.querySelector("[data-seconds]").textContent = seconds;
    this.root.querySelector("[data-leave]").hidden = OUT.includes(name);
    this.root.querySelector("[data-rejoin]").hidden = !OUT.includes(name);
  }

  server(there) { this.line.querySelector('[data-other="no-server"]').hidden = there; }

  other({ audio, video, lowered }) {
    this.line.querySelector('[data-other="muted"]').hidden = audio;
    this.line.querySelector('[data-other="no-video"]').hidden = video && !lowered;
  }
}
