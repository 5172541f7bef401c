// Opening a claim.

import { call } from "./api.js";
import { clearErrors, lacksField, showRefusal, whileWaiting } from "./forms.js";

const form = document.getElementById("claim");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearErrors(form);
  if (lacksField(form, { statement: "Say why, and how that can be checked." })) return;
  const { kind, item, other, handle } = form.dataset;
  const body = { kind, item_id: item, other_id: other, handle, statement: form.elements.statement.value };
  whileWaiting(form, async () => {
    try {
      const claim = await call("/v1/claims", { method: "POST", body });
      location.assign(`/claims#${claim.id}`);
    } catch (error) {
      showRefusal(form, error);
    }
  });
});
