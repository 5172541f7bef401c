// Forms that speak to the API: an error stands beside its field where the server named one, else above the form.

import { Refusal } from "./api.js";

function say(place, words) {
  if (!place) return;
  place.querySelector("span").textContent = words;
  place.hidden = !words;
}

/** Take all errors of `form` away. */
export function clearErrors(form) {
  for (const place of form.querySelectorAll(".error")) say(place, "");
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** Show one error beside the field `name`, and go there. False where the form has no such field. */
export function showFieldError(form, name, words) {
  const place = form.querySelector(`#${CSS.escape(name)}-error`);
  if (!name || !place) return false;
  say(place, words);
  const field = form.querySelector(`[name="${CSS.escape(name)}"]`);
  field?.setAttribute("aria-invalid", "true");
  field?.focus();
  return true;
}

/** Show why a form was refused. `names` maps the server's names of fields to the form's. Throws what is no refusal. */
export function showRefusal(form, error, names = {}) {
  if (!(error instanceof Refusal)) throw error;
  if (showFieldError(form, names[error.field] ?? error.field, error.words)) return;
  const place = form.querySelector("#refused, .refused");
  say(place, error.words);
  place?.scrollIntoView({ block: "nearest" });
}

/** The first required field that is empty gets `words`; true when there is one. */
export function lacksField(form, words) {
  for (const [name, text] of Object.entries(words)) {
    const field = form.querySelector(`[name="${name}"]`);
    if (field && !field.value.trim()) return showFieldError(form, name, text);
  }
  return false;
}

/** Run `act` while the buttons of `form` wait; a second press meanwhile does nothing. */
export async function whileWaiting(form, act) {
  const buttons = [...form.querySelectorAll("button")].filter((button) => !button.disabled);
  for (const button of buttons) button.disabled = true;
  try {
    return await act();
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}
