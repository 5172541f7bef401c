// Going: a sheet that says what goes and what stays, and asks once more; then the receipt.

import { Refusal, call } from "./api.js";
import { whileWaiting } from "./forms.js";
import { openSheet } from "./sheets.js";

const TOO_SOON = "Tick the box first.";

function say(form, name, words) {
  const place = form.querySelector(`#${form.dataset.what}-${name}`);
  if (!place) return false;
  place.querySelector("span").textContent = words;
  place.hidden = !words;
  return true;
}

for (const button of document.querySelectorAll("button[data-forget]")) {
  button.addEventListener("click", () => openSheet(`forget-${button.dataset.forget}`));
}

for (const form of document.querySelectorAll("form[data-what]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say(form, "refused", "");
    say(form, "password-error", "");
    if (!form.elements.sure.checked) return say(form, "refused", TOO_SOON);
    const { what } = form.dataset;
    const body = { what, confirm: what, password: form.elements.password?.value ?? "" };
    return whileWaiting(form, async () => {
      try {
        const { id } = await call("/v1/your-data/forget", { method: "POST", body });
        location.assign(`/forgotten/${id}`);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const beside = ["current_password", "password"].includes(error.field) ? "password-error" : "refused";
        say(form, beside, error.words) || say(form, "refused", error.words);
      }
    });
  });
}
