// Settings: each change is saved when it is made, and put back where the server refuses it.

import { Refusal, call } from "./api.js";
import { fillWishes, listenToLanguages } from "./chosen.js";
import { clearErrors, lacksField, showFieldError, showRefusal, whileWaiting } from "./forms.js";
import { element, icon, toast } from "./page.js";
import { addPasskey, passkeysWork } from "./passkeys.js";
import { openSheet } from "./sheets.js";

const byName = (name) => document.querySelector(`[name="${name}"]`);
const byId = (id) => document.getElementById(id);
const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** Save, and say so; on a refusal call `undo` with it. */
async function save(path, body, undo) {
  try {
    await call(path, { method: "PUT", body });
    toast("Saved.");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    undo(error);
  }
}

function controls() {
  return {
    autoplay: byName("autoplay").checked,
    profiling: byName("profiling").checked,
    paused: byName("paused").checked,
    break_minutes: Number(byName("break_minutes").value),
    region: byName("region").value.trim(),
  };
}

function onSwitch(name, path, body) {
  const control = byName(name);
  control.addEventListener("change", () =>
    save(path, body(), (error) => {
      control.checked = !control.checked;
      toast(error.words);
    }),
  );
}

onSwitch("autoplay", "/v1/controls", controls);
onSwitch("profiling", "/v1/controls", controls);
onSwitch("paused", "/v1/controls", controls);
onSwitch("learn", "/v1/rights", () => ({ learn: byName("learn").checked }));
byName("break_minutes").addEventListener("change", () =>
  save("/v1/controls", controls(), (error) => toast(error.words)),
);
byName("region").addEventListener("change", () => {
  const field = byName("region");
  field.value = field.value.trim().toUpperCase();
  const panel = field.closest(".panel");
  clearErrors(panel);
  if (!/^([A-Z]{2})?$/.test(field.value)) {
    showFieldError(panel, "region", "Write the two letters of a country, as CH, or nothing.");
    return;
  }
  save("/v1/controls", controls(), (error) => showFieldError(panel, "region", error.words));
});

listenToLanguages((languages, undo) => save("/v1/controls", { ...controls(), languages }, undo));

byId("reset").addEventListener("click", () => {
  openSheet("begin-anew").querySelector("form").onsubmit = async () => {
    try {
      await call("/v1/controls/reset", { method: "POST" });
      fillWishes();
      toast("The feed begins anew.", { act: "Watch", does: () => location.assign("/") });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toast(error.words);
    }
  };
});

// Account

function showPasskeys(keys) {
  const remove = (key) => {
    const label = `Remove ${key.name || "this passkey"}`;
    const button = element("button", { class: "round", type: "button", "aria-label": label }, icon("trash"));
    button.addEventListener("click", () => onPasskeys(() => call(`/v1/passkeys/${key.id}`, { method: "DELETE" })));
    return button;
  };
  const rows = keys.map((key) => {
    const since = element("span", { class: "quiet" }, `since ${DATE.format(new Date(key.created_at))}`);
    return element("li", {}, element("span", {}, key.name || "Passkey", " ", since), remove(key));
  });
  byId("passkeys").replaceChildren(...rows);
}

/** Do something that answers with the account, and show its passkeys. */
async function onPasskeys(act) {
  const field = byId("passkeys").closest(".field");
  clearErrors(field);
  try {
    const account = await act();
    showPasskeys(account.passkeys);
    const elsewhere = account.sessions > 1 ? `at ${account.sessions} places. One that you do not know? Leave them all.` : "here alone.";
    byId("places").textContent = `You are signed in ${elsewhere}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    showFieldError(field, "passkeys", error.words);
  }
}

async function leave(path) {
  try {
    await call(path, { method: "DELETE" });
    location.assign("/signin");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    toast(error.words);
  }
}

/** A name by which its owner knows the key again: where it was made. */
function deviceName() {
  const platform = navigator.userAgentData?.platform || navigator.platform || "device";
  return `${platform}, ${DATE.format(new Date())}`;
}

function listenToAccount() {
  onPasskeys(() => call("/v1/account"));
  const add = byId("add-passkey");
  add.hidden = !passkeysWork();
  add.addEventListener("click", () => onPasskeys(() => addPasskey(deviceName())));
  byId("sign-out").addEventListener("click", () => leave("/v1/sessions/current"));
  byId("sign-out-everywhere").addEventListener("click", () => leave("/v1/sessions"));
  const form = byId("password-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearErrors(form);
    const empty = { current_password: "Type your present password.", password: "Type a new password." };
    if (lacksField(form, empty)) return;
    whileWaiting(form, async () => {
      const body = { password: form.password.value, current_password: form.current_password?.value ?? "" };
      try {
        await call("/v1/account/password", { method: "PUT", body });
        form.reset();
        form.closest("details").open = false;
        toast("The password is saved. Other devices are signed out.");
      } catch (error) {
        showRefusal(form, error);
      }
    });
  });
}

if (byId("sign-out")) listenToAccount();
