// Asking to be protected, or no longer; and finding the record of an access in the public log, here in the browser.

import { Refusal, call } from "./api.js";
import { Broken } from "./check/note.js";
import { find, marked } from "./check/record.js";
import { head } from "./check/verdict.js";
import { data, element, icon } from "./page.js";

const ASK_FROM_BYTES = 3_000_000;
const GROUPED = new Intl.NumberFormat("en");
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

// The record

function verdict(good, words) {
  return element("p", { class: `verdict ${good ? "good" : "bad"}` }, icon(good ? "done" : "alert"), element("span", {}, words));
}

/** What is wrong with a record that was found, beside what the page says of it; "" where nothing is. */
async function wrongWith(record, look) {
  const told = [record.by, record.duty, record.purpose, record.fields.join(" ")].join("\n");
  const shown = [look.staff, look.role, look.purpose, look.fields.join(" ")].join("\n");
  if (told !== shown) return "it says something else than this page does";
  const marks = await Promise.all(data("subjects").map((said) => marked(look.salt, said)));
  return marks.includes(record.person) ? "" : "its mark is not yours";
}

async function judged(look, begun) {
  const { record, index, leaves, signed } = await find("access", look.entry, begun, AbortSignal.timeout(600_000));
  const far = `The log has ${GROUPED.format(leaves)} leaves${signed ? ", under its own signature" : ""}.`;
  if (!record) return [verdict(false, `The log does not hold it. ${far} Keep this page: one of the two was tampered with.`)];
  const wrong = await wrongWith(record, look);
  const words = wrong ? `Leaf ${GROUPED.format(index)} bears this entry, but ${wrong}.` : `Leaf ${GROUPED.format(index)} is this record, and its mark is yours. ${far}`;
  return [verdict(!wrong, words), element("pre", { class: "checkpoint", tabindex: "0", "aria-label": "The record" }, JSON.stringify(record, null, 1))];
}

async function look(asked) {
  const place = asked.parentElement.querySelector(".found");
  asked.disabled = true;
  try {
    const begun = await head(AbortSignal.timeout(30_000));
    if (begun.bytes >= ASK_FROM_BYTES && !asked.dataset.sure) {
      asked.dataset.sure = "yes";
      asked.textContent = `Download about ${Math.ceil(begun.bytes / 1_000_000)} MB and look`;
      return;
    }
    place.replaceChildren(element("p", { class: "quiet" }, "Looking through the whole log…"));
    place.replaceChildren(...(await judged(JSON.parse(asked.dataset.look), begun)));
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    place.replaceChildren(verdict(false, error.message));
  } finally {
    asked.disabled = false;
  }
}

for (const asked of document.querySelectorAll("button[data-look]")) asked.addEventListener("click", () => look(asked));
