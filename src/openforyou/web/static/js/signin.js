// Signing in and up, on one form that knows which of the two it is.

import { call } from "./api.js";
import { clearErrors, lacksField, showRefusal, whileWaiting } from "./forms.js";
import { signInWithPasskey, signUpWithPasskey } from "./passkeys.js";

const form = document.getElementById("enter");
let isNew = false;

function show(wantsNew) {
  isNew = wantsNew;
  for (const node of document.querySelectorAll("[data-in]")) {
    node.textContent = isNew ? node.dataset.new : node.dataset.in;
  }
  document.getElementById("password-help").hidden = !isNew;
  document.getElementById("minor-choice").hidden = !isNew;
  form.password.autocomplete = isNew ? "new-password" : "current-password";
  document.title = `${document.querySelector("h1").textContent} · OpenForYou`;
  clearErrors(form);
}

/** To where the visitor came from; never to another site. */
function goOn() {
  const next = new URL(form.dataset.next, location.href);
  location.assign(next.origin === location.origin ? next : "/");
}

function attempt(act) {
  return whileWaiting(form, async () => {
    clearErrors(form);
    try {
      await act();
      goOn();
    } catch (error) {
      showRefusal(form, error);
    }
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (lacksField(form, { email: "Type your e-mail.", password: "Type your password." })) return;
  const body = { email: form.email.value, password: form.password.value };
  if (isNew) body.minor = form.minor.checked;
  attempt(() => call(isNew ? "/v1/accounts" : "/v1/sessions", { method: "POST", body }));
});

document.getElementById("passkey").addEventListener("click", () => {
  if (isNew && lacksField(form, { email: "Type your e-mail: it names the account." })) return;
  attempt(() => (isNew ? signUpWithPasskey(form.email.value, form.minor.checked) : signInWithPasskey()));
});

document.getElementById("swap").addEventListener("click", () => {
  show(!isNew);
  form.email.focus();
});

show(location.hash === "#new");
