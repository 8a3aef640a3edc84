// Light, dark or as the device: kept on this device, and in a cookie so that the server can draw the first frame right.
const KEY = "theme";
const CHOICES = ["system", "light", "dark"];

function read() {
  try {
    return localStorage.getItem(KEY) ?? "system";
  } catch {
    return "system"; // storage refused: the device's own theme
  }
}

function write(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // the cookie below still holds the choice
  }
  const age = choice === "system" ? 0 : 31536000;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${KEY}=${choice}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
}

function show(choice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
}

function enhance(fieldset) {
  const chosen = read();
  for (const radio of fieldset.querySelectorAll('input[name="theme"]')) {
    radio.checked = radio.value === chosen;
    radio.addEventListener("change", () => {
      write(radio.value);
      show(radio.value);
    });
  }
  fieldset.hidden = false;
}

const stored = read();
if (CHOICES.includes(stored)) show(stored);
document.querySelectorAll("[data-theme-choice]").forEach(enhance);
