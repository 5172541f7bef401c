// One's own key: making it, showing its public half, and learning from the broker whose it is once it was enrolled.

import { Refusal } from "../api.js";
import { whileWaiting } from "../forms.js";
import { toast } from "../page.js";
import { act } from "./acts.js";
import { knownAs, moment, trouble } from "./drawing.js";
import { drop, fingerprint, kept, keysWork, make } from "./key.js";

const at = (id) => document.getElementById(id);
const HINT = "Keys need https, or the address http://localhost; and a browser that stores data of this site.";

async function draw() {
  const mine = await kept();
  at("none").hidden = Boolean(mine);
  for (const id of ["mine", "enrolled", "away"]) at(id).hidden = !mine;
  if (!mine) return;
  at("public").textContent = mine.public;
  at("fingerprint").textContent = await fingerprint(mine.public);
  at("made").replaceChildren(moment(mine.made));
}

async function greet() {
  const { me } = await act("look");
  at("standing").textContent = `The broker knows you: ${me.name}, ${knownAs(me)}`;
}

async function tried(does) {
  trouble(null);
  try {
    await does();
    await draw();
  } catch (error) {
    trouble(error);
  }
}

at("make").addEventListener("click", () => tried(make));
at("drop").addEventListener("click", () => tried(drop));
at("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(at("public").textContent);
  toast("Copied.");
});
at("ask").addEventListener("click", () => whileWaiting(at("enrolled"), () => tried(greet)));

async function begin() {
  if (!keysWork()) throw new Refusal(0, { code: "no_keys", error: "This browser cannot keep a key here.", hint: HINT });
  await draw();
  if ((await kept())?.staff) await greet();
}

begin().catch(trouble);
