// A sound of one's own: added to the library, and given to whom its owner says.

import { call } from "./api.js";
import { clearErrors, lacksField, showFieldError, showRefusal, whileWaiting } from "./forms.js";
import { toast } from "./page.js";
import { refuse, send } from "./studio/bring.js";

const adding = document.getElementById("add");
const access = document.getElementById("access");

async function add() {
  clearErrors(adding);
  const [file] = adding.file.files;
  if (!file) return void showFieldError(adding, "file", "Choose the file.");
  if (lacksField(adding, { title: "Say what it is called.", licence: "Say under which licence it is here." })) return;
  const said = (name) => adding.elements[name].value.trim();
  const told = { title: said("title"), licence: said("licence"), audio: said("audio"), evidence: said("evidence") };
  const far = adding.querySelector("#far");
  far.textContent = "It is sent, and listened to…";
  try {
    const sound = await whileWaiting(adding, () => send("/v1/sounds", { ...told, name: file.name }, file));
    location.assign(`/sounds/${sound.id}`);
  } catch (error) {
    far.textContent = "";
    refuse(adding, error, "file");
  }
}

async function give() {
  clearErrors(access);
  const handles = access.handles.value.split(/[\s,]+/).filter(Boolean);
  const audio = access.audio.value;
  if (audio === "creators" && !handles.length) return void showFieldError(access, "handles", "Name one at least.");
  const body = { audio, handles: audio === "creators" ? handles : [] };
  try {
    await whileWaiting(access, () => call(`/v1/sounds/${access.dataset.sound}/access`, { method: "PUT", body }));
    toast("Saved.");
  } catch (error) {
    showRefusal(access, error, { handle: "handles" });
  }
}

adding?.addEventListener("submit", (event) => {
  event.preventDefault();
  add();
});
access?.addEventListener("submit", (event) => {
  event.preventDefault();
  give();
});
access?.audio.addEventListener("change", () => {
  access.querySelector("#named").hidden = access.audio.value !== "creators";
});
