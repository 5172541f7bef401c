// Asking to be protected, or no longer.

import { Refusal, call } from "./api.js";

const button = document.querySelector("button[data-protect]");
const refused = document.querySelector("#protect-refused");

button.addEventListener("click", async () => {
  button.disabled = true;
  refused.hidden = true;
  try {
    const body = { on: button.dataset.protect === "on" };
    await call("/v1/who-looked/protection", { method: "PUT", body });
    location.reload();
  } catch (error) {
    button.disabled = false;
    if (!(error instanceof Refusal)) throw error;
    refused.querySelector("span").textContent = error.words;
    refused.hidden = false;
  }
});
