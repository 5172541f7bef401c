// Choosing the handle that one publishes under.

import { call } from "./api.js";
import { clearErrors, lacksField, showRefusal, whileWaiting } from "./forms.js";

const form = document.getElementById("handle-form");

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  clearErrors(form);
  if (lacksField(form, { handle: "Choose a handle.", name: "Say how you want to be called." })) return;
  const body = { handle: form.handle.value, name: form.elements.name.value };
  whileWaiting(form, async () => {
    try {
      await call("/v1/creators", { method: "POST", body });
      location.reload();
    } catch (error) {
      showRefusal(form, error, error.code === "handle_taken" ? { "": "handle" } : {});
    }
  });
});
