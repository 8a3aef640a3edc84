// Arrow keys for charts: a chart in [data-chart] gets one tab stop; left, right, Home, End walk its points in order of
// time, and the line [aria-live] inside the same box says each one ("23 Nov: 8, mild").
// Markup: <div class="fig" data-chart>SVG<p class="vh" aria-live="polite"></p></div>

function place(point) {
  const box = point.getBoundingClientRect();
  return box.left + box.width / 2;
}

const ready = new WeakSet();

export function enhance(box) {
  if (ready.has(box)) return;
  ready.add(box);
  const say = box.querySelector("[aria-live]");
  for (const chart of box.querySelectorAll("svg")) {
    const points = [...chart.querySelectorAll("[data-say]")];
    if (!points.length) continue;
    let at = -1;
    chart.setAttribute("tabindex", "0");
    const show = (next) => {
      points[at]?.classList.remove("at");
      at = Math.min(Math.max(next, 0), points.length - 1);
      points[at].classList.add("at");
      if (say) say.textContent = points[at].dataset.say;
    };
    chart.addEventListener("focus", () => points.sort((one, other) => place(one) - place(other)));
    chart.addEventListener("blur", () => points[at]?.classList.remove("at"));
    chart.addEventListener("keydown", (event) => {
      const next = { ArrowRight: at + 1, ArrowLeft: at < 0 ? points.length - 1 : at - 1, Home: 0, End: points.length - 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      show(next);
    });
  }
}

document.querySelectorAll("[data-chart]").forEach(enhance);
document.addEventListener("htmx:load", (event) => event.target.querySelectorAll?.("[data-chart]").forEach(enhance));
