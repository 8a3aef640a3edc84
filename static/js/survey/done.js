// The form was sent. Answers that a second phone still holds go out as well: a late one may matter.
import * as cards from "./cards.js";
import "./resume.js";

cards.wire();
document.querySelector("[data-crisis] h2")?.focus();
