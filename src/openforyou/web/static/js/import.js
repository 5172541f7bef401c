// The import page: send an archive or name a feed, see what was found in it and what is skipped and why, decide, and
// see what becomes of it.

import { Refusal, call } from "./api.js";
import { clearErrors, showFieldError, showRefusal, whileWaiting } from "./forms.js";
import { element, icon, toast } from "./page.js";
import { Upload, findUnfinished } from "./tus.js";

const ASK_EVERY_MS = 1_500;
const ENDS = ["done", "refused"];
const NUMBER = new Intl.NumberFormat("en");
const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const PRIVACY = { limited: "not public there", private: "private there" };
const form = document.getElementById("import");
const runs = document.getElementById("runs");
const byId = (id) => document.getElementById(id);

let upload = null;
let asking = 0;

function count(number, one, many = `${one}s`) {
  return `${NUMBER.format(number)} ${number === 1 ? one : many}`;
}

// Sending

function far(done, total) {
  byId("bar").value = total ? done / total : 0;
  byId("far").textContent = `${Math.floor(total ? (100 * done) / total : 0)} % is here`;
}

function lock(locked) {
  for (const field of form.querySelectorAll("input, [type=submit]")) field.disabled = locked;
  byId("journey").hidden = !locked;
}

async function send(file) {
  clearErrors(form);
  if (!file) return;
  if (!file.size) return void showFieldError(form, "file", "The file is empty. Choose another one.");
  if (file.size > Number(form.dataset.maxBytes)) {
    const most = NUMBER.format(form.dataset.maxBytes / 1e6);
    return void showFieldError(form, "file", `The archive is larger than ${most} MB. Ask the operator to raise the limit.`);
  }
  upload = new Upload(file, await findUnfinished(file));
  upload.onProgress = far;
  lock(true);
  far(upload.offset, file.size);
  try {
    if (await upload.run({ filename: file.name, purpose: "import" })) refresh();
  } catch (error) {
    showRefusal(form, error, { [error.field]: "file" });
  } finally {
    lock(false);
    form.file.value = "";
    upload = null;
  }
}

async function sendAddress() {
  clearErrors(form);
  const address = form.address.value.trim();
  if (!address) return void showFieldError(form, "address", "Say where the feed is.");
  try {
    await whileWaiting(form, () => call("/v1/imports", { method: "POST", body: { address } }));
    form.address.value = "";
    refresh();
  } catch (error) {
    showRefusal(form, error);
  }
}

// What was found

function entryRow(entry) {
  const told = [entry.kind];
  if (entry.posted_at) told.push(DATE.format(new Date(entry.posted_at)));
  if (PRIVACY[entry.privacy]) told.push(PRIVACY[entry.privacy]);
  const words = element("span", { class: "quiet" }, told.filter(Boolean).join(" · "));
  const reason = entry.reason ? element("span", {}, entry.reason) : null;
  return element("li", {}, element("b", {}, entry.title), words, reason);
}

/** The entries that ended so, folded; nothing where there are none. */
function entriesOf(run, words, outcomes, { open = false } = {}) {
  const total = outcomes.reduce((sum, outcome) => sum + (run.counts[outcome] ?? 0), 0);
  if (!total) return null;
  const shown = run.entries.filter((entry) => outcomes.includes(entry.outcome));
  const rows = shown.map(entryRow);
  if (shown.length < total) rows.push(element("li", {}, `and ${count(total - shown.length, "more", "more")}`));
  const summary = element("summary", {}, `${words} (${NUMBER.format(total)})`);
  return element("details", { class: "fold", open }, summary, element("ul", { class: "entries", tabindex: "0", "aria-label": words }, ...rows));
}

function whose(run) {
  const from = run.platform ? `From ${run.platform}` : "From elsewhere";
  return run.owner ? `${from}, the archive of ${run.owner}.` : `${from}. It does not say whose it is.`;
}

function forgetButton(run, button) {
  button.addEventListener("click", async () => {
    try {
      await call(`/v1/imports/${run.id}`, { method: "DELETE" });
      toast("Forgotten.");
      refresh();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toast(error.words);
    }
  });
  return button;
}

/** Where the account of an archive can be proven; nowhere, where the archive names none. */
function wayToProve(run) {
  return run.can_give || !run.owner ? [] : [" ", element("a", { href: "/identities" }, "Prove it now")];
}

/** The rights, one by one, and the button that begins. */
function decisionOf(run) {
  const made = byId("decision").content.cloneNode(true).firstElementChild;
  const notice = made.querySelector(".notice");
  if (run.can_give) notice.textContent = "The account is proven: the rights that you tick hold at once.";
  else notice.append(run.why_not, ...wayToProve(run));
  forgetButton(run, made.querySelector("[data-forget]"));
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { show_private: made.show_private.checked };
    for (const box of made.querySelectorAll('[name="rights"]')) body[box.value] = box.checked;
    try {
      await whileWaiting(made, () => call(`/v1/imports/${run.id}/start`, { method: "POST", body }));
      refresh();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toast(error.words);
    }
  });
  return made;
}

function progressOf(run) {
  const words = `${NUMBER.format(run.done)} of ${count(run.total, "post")}`;
  const bar = element("progress", { max: 1, "aria-label": "How far it is" });
  if (run.total) bar.value = run.done / run.total;
  return [bar, element("p", { class: "state", role: "status" }, `Being taken in: ${words}`)];
}

function resultOf(run) {
  const taken = (run.counts.taken ?? 0) + (run.counts.here ?? 0);
  const words = `${count(taken, "post is", "posts are")} here.`;
  const privately = run.can_give && run.rights.length ? "" : " They are private to you: tick what may be done with them under My clips.";
  const unproven = run.can_give ? privately : ` ${run.why_not}`;
  const link = element("a", { class: "button main", href: "/uploads" }, "See them under My clips");
  const forget = forgetButton(run, element("button", { class: "button", type: "button" }, "Clear this away"));
  return [
    element("p", { class: "state done" }, words),
    element("p", {}, unproven.trim(), ...wayToProve(run)),
    element("div", { class: "choices" }, link, forget),
  ];
}

function partsOf(run) {
  const comes = entriesOf(run, run.state === "done" ? "Came in" : "Comes in", ["taken", "here", "begun"]);
  const skipped = entriesOf(run, "Does not come in, and why", ["skipped", "refused"], { open: !comes });
  if (run.state === "looking") return [element("p", { class: "state", role: "status" }, "It is being looked through…")];
  if (run.state === "refused") {
    const reason = element("p", { class: "state refused" }, run.reason);
    return [reason, forgetButton(run, element("button", { class: "button", type: "button" }, "Clear this away"))];
  }
  const head = element("p", {}, whose(run));
  if (run.state === "found") return [head, comes, skipped, decisionOf(run)];
  if (run.state === "waiting") return [head, ...progressOf(run)];
  return [head, ...resultOf(run), comes, skipped];
}

function draw(run) {
  const parts = partsOf(run).filter(Boolean);
  const label = `run-${run.id}`;
  const title = element("h2", { id: label }, run.name);
  return element("section", { class: "run", "data-id": run.id, "data-state": run.state, "aria-labelledby": label }, title, ...parts);
}

/** Draw what changed; what its owner is deciding about stays as they left it. */
async function refresh() {
  clearTimeout(asking);
  let told;
  try {
    told = await call("/v1/imports");
    for (const run of told.imports) {
      const drawn = runs.querySelector(`[data-id="${run.id}"]`);
      if (drawn?.dataset.state === run.state && run.state !== "waiting") continue;
      const whole = run.state === "waiting" ? run : await call(`/v1/imports/${run.id}`);
      if (drawn) drawn.replaceWith(draw(whole));
      else runs.append(draw(whole));
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (!runs.childElementCount) runs.replaceChildren(element("p", { class: "error block" }, icon("alert"), error.words));
    asking = setTimeout(refresh, 4 * ASK_EVERY_MS);
    return;
  }
  const there = new Set(told.imports.map(({ id }) => id));
  for (const drawn of [...runs.children]) if (!there.has(drawn.dataset.id)) drawn.remove();
  const goesOn = told.imports.some(({ state }) => !ENDS.includes(state) && state !== "found");
  if (goesOn) asking = setTimeout(refresh, ASK_EVERY_MS);
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
    if (dropped && !form.file.disabled) send(dropped);
  });
}

form.file.addEventListener("change", () => send(form.file.files[0] ?? null));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sendAddress();
});
byId("cancel").addEventListener("click", async () => {
  try {
    await upload?.cancel();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error; // The server deletes what nobody goes on with.
  }
});
addEventListener("beforeunload", (event) => {
  if (upload) event.preventDefault();
});
listenToDrops();
refresh();
