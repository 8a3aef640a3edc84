// The page of one alert: says when it changed elsewhere; nothing is replaced under what somebody is typing.
import { live } from "../live.js";
import "./hold.js";
import { URGENT, tone } from "./sound.js";

const notice = document.querySelector("[data-alert]");
const mine = Number(notice.dataset.version);

live.follow(`alert:${notice.dataset.alert}`, {
  have: { [notice.dataset.alert]: mine },
  onState(rows) {
    for (const row of rows) {
      if (row.version === mine) continue;
      notice.hidden = false;
      if (row.level === "P1" && row.state === "open") tone(URGENT);
    }
  },
});
document.addEventListener("desk:acknowledged", () => location.reload());
for (const link of document.querySelectorAll('a[href="#escalate"], a[href="#hand-over"], a[href="#contact"]')) {
  link.addEventListener("click", () => { const folded = document.querySelector(`${link.hash} details`);
    if (folded) folded.open = true; });
}
