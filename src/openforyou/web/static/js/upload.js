// The upload page: choose a file, say what it is and what may be done with it, send it, see what becomes of it.

import { Refusal } from "./api.js";
import { disputeOf, linked } from "./copied.js";
import { clearErrors, showFieldError, showRefusal } from "./forms.js";
import { nameLanguages } from "./languages.js";
import { element, icon, toast } from "./page.js";
import { Upload, findUnfinished, ownUploads } from "./tus.js";

const ASK_EVERY_MS = 1_500;
const FIELDS = ["title", "caption", "language", "rights"]; // Whatever else the server names is about the file.
const WAITING = ["queued", "processing"];
const form = document.getElementById("upload");
const byId = (id) => document.getElementById(id);
const MEGABYTES = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

let file = null;
let begun = null;
let upload = null;

function size(bytes) {
  return `${MEGABYTES.format(bytes / 1e6)} MB`;
}

function rights() {
  return [...form.querySelectorAll('[name="rights"]:checked')].map((box) => box.value);
}

function showPreview() {
  const after = form.querySelector(".drop .after");
  const video = after.querySelector("video");
  if (video.src) URL.revokeObjectURL(video.src);
  form.querySelector(".drop .before").hidden = Boolean(file);
  after.hidden = !file;
  if (!file) return;
  after.querySelector("b").textContent = file.name;
  after.querySelector(".quiet").textContent = size(file.size);
  video.hidden = !file.size;
  if (!file.size) return;
  video.onerror = () => (video.hidden = true);
  video.src = URL.createObjectURL(file);
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) video.play().catch(() => {});
}

/** A file was chosen: show it, and find out whether a part of it is on the server already. */
async function choose(chosen) {
  clearErrors(form);
  file = chosen;
  begun = null;
  upload = null;
  showPreview();
  if (!file) return;
  if (!file.size) return void showFieldError(form, "file", "The file is empty. Choose another one.");
  if (file.size > Number(form.dataset.maxBytes)) {
    const most = size(Number(form.dataset.maxBytes));
    return void showFieldError(form, "file", `The file has ${size(file.size)}; the most is ${most}. Make it smaller.`);
  }
  const found = await findUnfinished(file);
  if (!found || file !== chosen) return;
  begun = found;
  form.title.value = found.told.title ?? "";
  form.caption.value = found.told.caption ?? "";
  const given = (found.told.rights ?? "").split(",");
  for (const box of form.querySelectorAll('[name="rights"]')) box.checked = given.includes(box.value);
  form.cross_post.checked = found.told.cross_post === "true";
  form.language.value = found.told.language ?? "";
  tellShown();
  byId("start").textContent = "Go on uploading";
  toast(`${Math.floor((100 * found.offset) / file.size)} % of this file is here already. It goes on from there.`);
}

function tellShown() {
  byId("unshown").hidden = rights().includes("show");
}

function lock(locked) {
  for (const field of form.querySelectorAll("input, textarea, select")) field.disabled = locked;
  byId("start").hidden = locked;
  byId("journey").hidden = !locked;
}

function far(done, total) {
  const share = total ? done / total : 0;
  const percent = `${Math.floor(100 * share)} %`;
  byId("bar").value = share;
  byId("far").textContent = upload?.paused ? `Paused at ${percent}` : `${percent} of ${size(total)}`;
}

async function send() {
  const [title, caption] = [form.title.value.trim(), form.caption.value.trim()];
  const told = { filename: file.name, title, caption, rights: rights().join(","), language: form.language.value };
  if (form.cross_post.checked) told.cross_post = "true";
  upload ??= new Upload(file, begun);
  const sending = upload;
  sending.onProgress = far;
  lock(true);
  byId("pause").textContent = "Pause";
  far(sending.offset, file.size);
  try {
    const itemId = await sending.run(told);
    if (itemId) await follow(itemId, told.rights);
    else if (sending.paused) far(sending.offset, file.size);
  } catch (error) {
    lock(false);
    upload = null;
    begun = await findUnfinished(file);
    refuse(error);
  }
}

function refuse(error) {
  showRefusal(form, error, FIELDS.includes(error.field) ? {} : { [error.field]: "file" });
}

/** It is on the server: wait until it can be watched, or was refused. */
async function follow(itemId, given) {
  byId("far").textContent = "It is here. Now it is made ready to play…";
  byId("bar").removeAttribute("value");
  for (const id of ["pause", "cancel"]) byId(id).hidden = true;
  for (;;) {
    const item = await lookUp(itemId);
    if (item?.status === "published") return finish(item, given);
    if (item?.status === "refused") return refused(item);
    if (item && !WAITING.includes(item.status)) return location.assign("/uploads"); // Where the ways on are.
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

/** It cannot be published: why, beside the file; of a copy, whose it is, and the way to dispute that. */
function refused(item) {
  startAgain(new Refusal(422, { error: item.reason, field: "file" }));
  if (!item.copy_of) return;
  byId("file-error").querySelector("span").replaceChildren(...linked(item.reason), " ", disputeOf(item));
}

async function lookUp(itemId) {
  try {
    return (await ownUploads()).items.find((item) => item.id === itemId);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return null; // Ask again: the clip is safe where it is.
  }
}

function startAgain(refusal) {
  for (const id of ["pause", "cancel"]) byId(id).hidden = false;
  byId("bar").value = 0;
  lock(false);
  upload = begun = null;
  if (refusal) refuse(refusal);
}

function finish(item, given) {
  const shown = given.split(",").includes("show");
  const words = shown
    ? "It can be watched now."
    : "Nobody sees it, because you did not allow to show it. You can do so under My clips.";
  const [href, label] = shown ? [`/item/${item.id}`, "Watch it"] : ["/uploads", "My clips"];
  const watch = element("a", { class: "button main", href }, label);
  const another = element("a", { class: "button", href: "/upload" }, "Upload another");
  const panel = byId("finished");
  panel.replaceChildren(
    icon("done"),
    element("h2", { tabindex: "-1" }, `“${item.title}” is ready`),
    element("p", { class: "quiet" }, words),
    element("div", { class: "choices" }, watch, another),
  );
  form.hidden = true;
  panel.hidden = false;
  panel.querySelector("h2").focus();
}

function listenToDrops() {
  const drop = byId("drop");
  for (const type of ["dragenter", "dragover"]) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    const [dropped] = event.dataTransfer.files;
    if (dropped && !form.file.disabled) choose(dropped);
  });
}

form.file.addEventListener("change", () => choose(form.file.files[0] ?? null));
form.addEventListener("change", tellShown);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearErrors(form);
  if (!file) showFieldError(form, "file", "Choose a clip first.");
  else send();
});
byId("pause").addEventListener("click", () => {
  if (upload.paused) {
    send();
    return;
  }
  upload.pause();
  byId("pause").textContent = "Go on";
});
byId("cancel").addEventListener("click", async () => {
  try {
    await upload.cancel();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error; // The server deletes what nobody goes on with.
  }
  startAgain(null);
  byId("start").textContent = "Upload";
});
addEventListener("beforeunload", (event) => {
  if (!byId("journey").hidden && !upload?.paused) event.preventDefault();
});
nameLanguages(form.language);
listenToDrops();
tellShown();
