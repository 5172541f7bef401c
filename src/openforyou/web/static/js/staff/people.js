// Who is of the staff, who is protected, and opening access again.

import { clearErrors, showRefusal, whileWaiting } from "../forms.js";
import { element } from "../page.js";
import { act } from "./acts.js";
import { complain, done, dutiesOf, fill, person, proposed, trouble } from "./drawing.js";
import { fingerprint, keysWork } from "./key.js";

function words(staff) {
  const below = element("span", { class: "quiet" }, `${dutiesOf(staff)} · `, element("code", {}, staff.staff));
  return element("span", {}, staff.name, below);
}

function proposalRow(told, mine) {
  const { proposal, staff, by } = told;
  const form = element("form", { novalidate: true }, element("p", { class: "error", role: "alert", hidden: true }, element("span")));
  form.prepend(element("button", { class: "button main" }, "Agree"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    complain(form, null);
    whileWaiting(form, async () => {
      try {
        await act("agree", { proposal });
        done(`${staff.name} is ${staff.staff}. Tell them that id.`);
        await draw();
      } catch (error) {
        complain(form, error);
      }
    });
  });
  const row = element("div", {}, proposed(told), by === mine ? element("span", { class: "tag" }, "proposed by you") : form);
  return element("li", {}, row);
}

/** What none of somebody's duties is for does not stand in their way. */
function drawForms(held) {
  const forms = [...document.querySelectorAll("form[data-for]")];
  for (const form of forms) form.hidden = !form.dataset.for.split(" ").some((duty) => held.includes(duty));
  document.getElementById("none").hidden = forms.some((form) => !form.hidden);
}

async function draw() {
  try {
    const told = await act("look");
    fill("proposals", told.proposals.map((one) => proposalRow(one, told.me.staff)));
    fill("staff", told.staff.map((one) => element("li", {}, element("div", {}, words(one)))));
    trouble(null);
    drawForms(told.me.duties);
    if (told.closed) document.getElementById("settle-note").textContent = `Access is closed: ${told.closed}`;
  } catch (error) {
    trouble(error);
  }
}

const BODIES = {
  enrol(form) {
    const told = {};
    for (const name of ["name", "key", "account", "staff"]) {
      const value = form.elements[name].value.trim();
      if (value) told[name] = name === "account" ? person(value) : value;
    }
    const ticked = [...form.querySelectorAll("[name=duties]:checked")].map(({ value }) => value);
    if (ticked.length || form.elements.leave.checked) told.duties = form.elements.leave.checked ? [] : ticked.sort();
    return told;
  },
  protect: (form, value) => ({ subject: person(form.elements.subject.value), on: value !== "off" }),
  settle: (form) => ({ words: form.elements.words.value }),
};
const SAID = {
  enrol: (told) => `Proposed as ${told.staff}. A second administrator agrees.`,
  protect: (told) => (told.protected ? "Protected." : "Not protected by the staff any more."),
  settle: (told) => (told.settled ? "Access is open again, and every grant has ended." : "Noted. A second administrator settles it."),
};

/** Below a key that was pasted, its fingerprint: what whose key it is reads to whoever proposes it. */
async function showFingerprint() {
  const pasted = document.getElementById("key").value.trim();
  const found = pasted && keysWork() ? await fingerprint(pasted) : "";
  document.getElementById("key-fingerprint").textContent = found;
}

document.getElementById("key").addEventListener("input", showFingerprint);
for (const form of document.querySelectorAll("form[data-deed]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearErrors(form);
    done("");
    whileWaiting(form, async () => {
      try {
        const told = await act(form.dataset.deed, BODIES[form.dataset.deed](form, event.submitter?.value));
        done(SAID[form.dataset.deed](told));
        form.reset();
        await showFingerprint();
        await draw();
      } catch (error) {
        showRefusal(form, error);
      }
    });
  });
}
draw();
