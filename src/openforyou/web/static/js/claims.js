// What one can do about a claim: answer, appeal, take it back.

import { call } from "./api.js";
import { clearErrors, lacksField, showRefusal, whileWaiting } from "./forms.js";

for (const form of document.querySelectorAll("form[data-claim]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearErrors(form);
    if (lacksField(form, { statement: "Say what you want to say." })) return;
    const statement = form.elements.statement?.value;
    const body = statement === undefined ? undefined : { statement };
    whileWaiting(form, async () => {
      try {
        await call(`/v1/claims/${form.dataset.claim}/${form.dataset.act}`, { method: "POST", body });
        location.reload();
      } catch (error) {
        showRefusal(form, error);
      }
    });
  });
}
