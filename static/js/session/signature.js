// A signature drawn with finger, pen or mouse: strokes in a box of 600 x 300, kept in a hidden field. Typing the name stays.
const box = document.querySelector("[data-signature]");
const canvas = box.querySelector("canvas"), said = box.querySelector("[data-said]"), clear = box.querySelector("[data-clear]");
const field = box.closest("form").elements.drawing;
const WIDTH = 600, HEIGHT = 300, MOST_STROKES = 80, MOST_POINTS = 3000, STEP = 3;
const pen = canvas.getContext("2d");
let strokes = [], going = null, points = 0;

function kept() {
  try {
    const found = JSON.parse(field.value || "[]");
    return Array.isArray(found) && found.every((stroke) => Array.isArray(stroke) && stroke.every((point) => point?.length === 2)) ? found : [];
  } catch { return []; }
}

function draw() {
  const sharp = canvas.width / WIDTH;
  pen.setTransform(sharp, 0, 0, sharp, 0, 0);
  pen.clearRect(0, 0, WIDTH, HEIGHT);
  Object.assign(pen, { lineWidth: 5, lineCap: "round", lineJoin: "round", strokeStyle: getComputedStyle(canvas).color });
  pen.beginPath();
  for (const [first, ...others] of strokes) {
    pen.moveTo(...first);
    for (const point of others.length ? others : [first]) pen.lineTo(...point);
  }
  pen.stroke();
}

function place(event) {
  const edge = canvas.getBoundingClientRect();
  const within = (part, most) => Math.max(0, Math.min(most, Math.round(part * most)));
  return [within((event.clientX - edge.left) / edge.width, WIDTH), within((event.clientY - edge.top) / edge.height, HEIGHT)];
}

function keep() {
  field.value = strokes.length ? JSON.stringify(strokes) : "";
  said.textContent = strokes.length ? box.dataset.drawn : "";
  clear.disabled = !strokes.length;
}

function end(event) {
  if (going?.pointer !== event.pointerId) return;
  going = null;
  keep();
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || going || strokes.length >= MOST_STROKES || points >= MOST_POINTS) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  going = { pointer: event.pointerId, stroke: [place(event)] };
  points += 1;
  strokes.push(going.stroke);
  draw();
});
canvas.addEventListener("pointermove", (event) => {
  if (going?.pointer !== event.pointerId || points >= MOST_POINTS) return;
  const point = place(event), last = going.stroke.at(-1);
  if (Math.hypot(point[0] - last[0], point[1] - last[1]) < STEP) return;
  going.stroke.push(point);
  points += 1;
  draw();
});
for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(name, end);
clear.addEventListener("click", () => {
  strokes = [];
  points = 0;
  draw();
  keep();
  said.textContent = box.dataset.cleared;
});

strokes = kept();
points = strokes.flat().length;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
box.hidden = false;
draw();
keep();
