// Asking: the form shows what the chosen purpose can open, and the broker says whether it may be.

import { clearErrors, lacksField, showFieldError, showRefusal, whileWaiting } from "../forms.js";
import { data } from "../page.js";
import { act, facts } from "./acts.js";
import { person, trouble } from "./drawing.js";

const form = document.getElementById("ask");
const purposes = Object.fromEntries(data("purposes").map((one) => [one.name, one]));
const NONE = { fields: [], case: "", may_ask: [], most: 0, delay: false, emergency: false };

function chosen() {
  return purposes[form.elements.purpose.value] ?? NONE;
}

function fit() {
  const { fields, most, may_ask: duties, case: kind, delay, emergency } = chosen();
  for (const label of form.querySelectorAll("[data-field]")) {
    label.hidden = !fields.includes(label.dataset.field);
    if (label.hidden) label.querySelector("input").checked = false;
  }
  document.getElementById("no-purpose").hidden = fields.length > 0;
  document.getElementById("danger").hidden = !emergency;
  document.getElementById("later").hidden = !delay;
  document.getElementById("case-field").hidden = emergency;
  document.getElementById("case-help").textContent = kind ? `The ${kind} that this is about.` : "Its number.";
  if (duties.length) document.getElementById("purpose-help").textContent = `Asked by: ${duties.join(", ")}.`;
  if (most) document.getElementById("minutes-help").textContent = `1 to ${most}, from the grant on. As few as you need: it is never prolonged.`;
  form.querySelector("button[type=submit]").textContent = emergency ? "Break the glass" : "Ask";
  if (emergency) form.elements.minutes.value = String(Math.min(Number(form.elements.minutes.value) || most, most));
}

/** A whole number, or what was written, which the broker then refuses in words. */
function counted(text) {
  return /^\d{1,6}$/.test(text.trim()) ? Number(text) : text.trim();
}

function body() {
  const { delay, emergency } = chosen();
  const { purpose, subject, minutes, words, delay_days: days, order } = form.elements;
  const told = {
    subject: person(subject.value),
    purpose: purpose.value,
    case: emergency ? "" : form.elements.case.value.trim(),
    fields: [...form.querySelectorAll("[name=fields]:checked")].map(({ value }) => value),
    minutes: counted(minutes.value),
    words: words.value,
  };
  const later = delay && (days.value.trim() || order.value.trim());
  return later ? { ...told, delay_days: counted(days.value || "0"), order: order.value.trim() } : told;
}

async function ask() {
  try {
    const { request } = await act(chosen().emergency ? "emergency" : "request", body());
    location.assign(`/staff/access/requests/${request}`);
  } catch (error) {
    showRefusal(form, error);
  }
}

form.elements.purpose.addEventListener("change", fit);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearErrors(form);
  if (lacksField(form, { purpose: "Choose what it is for.", subject: "Name one person, by their account's id.", words: "Say why." })) return;
  const ticked = form.querySelector("[name=fields]:checked");
  if (!ticked && chosen() !== NONE) return void showFieldError(form, "fields", "Tick what you need to see.");
  whileWaiting(form, ask);
});
fit();
facts().then(
  ({ broker }) => {
    const region = broker.split("/")[0];
    document.getElementById("region").textContent = `Region: ${region}. People of other regions are asked about at their own broker, by its own staff.`;
  },
  (error) => {
    document.getElementById("region").textContent = "";
    trouble(error);
  },
);
