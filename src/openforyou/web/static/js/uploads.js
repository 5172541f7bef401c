// One's own clips: where each stands, what may be done with it, and taking it back.

import { Refusal, call } from "./api.js";
import { disputeOf, linked } from "./copied.js";
import { languageName } from "./languages.js";
import { element, icon, toast } from "./page.js";
import { openSheet } from "./sheets.js";
import { ownUploads } from "./tus.js";

const ASK_EVERY_MS = 2_000;
const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const STATES = {
  queued: "Waiting to be made ready",
  processing: "Being made ready",
  published: "Published",
  refused: "Not published",
  held: "Ready; somebody has to look at it first",
  needs_sound: "Needs another sound, or none",
  suspended: "Suspended: nobody but you sees it",
  failed: "Could not be made ready",
  withdrawn: "Withdrawn",
};
const NUMBER = new Intl.NumberFormat("en");
const list = document.getElementById("uploads");
const older = document.getElementById("older");
let rulesDays = 0; // How many days the numbers of rules are of; the server says it.

function noPoster(picture) {
  return element("span", { class: "poster" }, icon(picture));
}

function poster(item) {
  if (!item.poster_url) return noPoster("strip");
  const picture = element("img", { class: "poster", src: item.poster_url, alt: "", loading: "lazy" });
  picture.onerror = () => picture.replaceWith(noPoster("less")); // Without the right to show, nobody gets it.
  return picture;
}

/** What may be done with a clip: read when it is opened, saved with each tick. */
function rightsOf(item) {
  const fields = document.getElementById("rights-fields").content.cloneNode(true);
  const boxes = [...fields.querySelectorAll("input")];
  const legend = element("legend", { class: "unseen" }, `What may be done with ${item.title}`);
  const group = element("fieldset", { class: "rights" }, legend, fields);
  const fold = element("details", { class: "fold" }, element("summary", {}, "What may be done with it"), group);
  const refused = item.learning_refused.length > 0;
  for (const box of boxes) box.disabled = refused && box.value === "learn";
  const show = (held) => {
    for (const box of boxes) box.checked = held[box.value];
  };
  const ask = async (act) => {
    try {
      show(await act());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toast(error.words);
    }
  };
  const path = `/v1/items/${item.id}/rights`;
  fold.addEventListener("toggle", () => fold.open && ask(() => call(path)));
  group.addEventListener("change", ({ target }) =>
    ask(async () => {
      const held = await call(path, { method: "PUT", body: { [target.value]: target.checked } });
      toast("Saved.");
      return held;
    }),
  );
  return fold;
}

/** Why the right to learn cannot be given: the words of what came with the file. */
function refusalOf(refusals) {
  const rows = refusals.map(({ label, source, said }) => {
    const where = element("span", { class: "quiet" }, `${label}${source ? ` in ${source}` : ""}`);
    return element("li", {}, where, element("code", {}, said));
  });
  const why = element(
    "p",
    {},
    "Where this comes from it is said that nothing may be trained on it. So no model learns from it, whatever is ticked. " +
      "Only whoever said so can change that.",
  );
  const fold = element("details", { class: "fold" }, element("summary", {}, "The words that say so"), element("ul", { class: "felt" }, ...rows));
  return element("div", { class: "refused-learning" }, why, fold);
}

/** Where a clip comes from, by the word of its file. */
function credentialsOf({ credentials }) {
  const words = [credentials.text, credentials.ai_made ? "AI-made, by its maker's word." : ""].filter(Boolean);
  return words.length ? element("p", { class: "comes-from" }, `Content Credentials: ${words.join(" ")}`) : null;
}

/** What an import knows of a clip's life elsewhere; its numbers stand by themselves. */
function elsewhereOf({ platform, sound, licence, ai_made: aiMade, counts }) {
  const told = [];
  if (aiMade) told.push("Marked there as made by a machine; its page here says so.");
  if (sound) told.push(`Its sound there: ${sound}.`);
  if (licence) told.push(`Its licence there: ${licence}.`);
  const numbers = Object.entries(counts).map(([name, count]) => `${NUMBER.format(count)} ${name}`);
  if (numbers.length) told.push(`Counted there, and no part of any number here: ${numbers.join(", ")}.`);
  if (!told.length) return null;
  const rows = told.map((words) => element("li", {}, words));
  return element("details", { class: "fold" }, element("summary", {}, `What it was on ${platform}`), element("ul", { class: "felt" }, ...rows));
}

const EFFECTS = {
  removed: "left out of",
  displaced: "pushed out of",
  demoted: "lower in",
  lifted: "higher in",
};
const SCOPES = { item: "This clip", creator: "All your clips", cross_posts: "Clips posted elsewhere before" };

/** What a published rule is to a clip: what it does, or that it lifted others or has ended. */
function bearing(policy, isAbout) {
  if (isAbout) return `${SCOPES[policy.scope.kind]}: ${policy.does}.`;
  return policy.standing === "ended" ? "It has ended." : "It is about other clips.";
}

/** One rule in a clip's list, with how far a cap is, and in how many slates it did what. */
function ruleOf({ policy, is_about: isAbout, views, slates }) {
  const parts = [bearing(policy, isAbout)];
  if (views !== null && policy.limit) {
    const reached = views >= policy.limit ? "that is reached" : "not reached yet";
    parts.push(`It has ${NUMBER.format(views)} ${views === 1 ? "view" : "views"}: ${reached}.`);
  }
  const did = Object.entries(EFFECTS)
    .filter(([effect]) => slates[effect])
    .map(([effect, words]) => `${words} ${NUMBER.format(slates[effect])} ${slates[effect] === 1 ? "slate" : "slates"}`);
  parts.push(`In ${rulesDays} days: ${did.join(", ") || "no slate changed"}.`);
  return element("li", {}, element("a", { class: "plain", href: `/rules#${policy.id}` }, policy.name), parts.join(" "));
}

/** What limited or lifted a clip. */
function rulesOf(item) {
  const count = item.rules.length ? ` (${item.rules.length})` : "";
  const summary = element("summary", {}, `What limited or lifted it${count}`);
  const none = `Nothing: no published rule is about this clip, and none moved it in the last ${rulesDays} days.`;
  const rows = item.rules.map(ruleOf);
  const told = rows.length ? element("ul", { class: "felt" }, ...rows) : element("p", { class: "quiet" }, none);
  return element("details", { class: "fold" }, summary, told);
}

/** The ways on for a clip that is held: muted, or with a sound that one may use. */
function soundChoices(item) {
  const select = element("select", { "aria-label": `Another sound for ${item.title}` });
  const ask = async (body) => {
    try {
      await call(`/v1/items/${item.id}/sound`, { method: "POST", body });
      toast("It is made ready again.");
      refresh();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toast(error.words);
    }
  };
  const mute = element("button", { class: "button", type: "button" }, "Publish it muted");
  mute.addEventListener("click", () => ask({ choice: "muted" }));
  const replace = element("button", { class: "button", type: "button" }, "Publish it with this sound");
  replace.addEventListener("click", () => ask({ choice: "library", sound_id: select.value }));
  const others = element("div", { class: "choices", hidden: true }, select, replace);
  call("/v1/sounds?usable=true")
    .then(({ sounds }) => {
      for (const sound of sounds) select.append(element("option", { value: sound.id }, `${sound.title} · ${sound.owner}`));
      others.hidden = !sounds.length;
    })
    .catch(() => {});
  return element("div", { class: "choices" }, mute, others);
}

function withdrawButton(item) {
  const attributes = { class: "button danger", type: "button", "aria-label": `Withdraw ${item.title}` };
  const button = element("button", attributes, "Withdraw…");
  button.addEventListener("click", () => {
    const sheet = openSheet("withdraw");
    sheet.querySelector(".of").textContent = item.title;
    sheet.querySelector("form").onsubmit = async () => {
      try {
        await call(`/v1/items/${item.id}`, { method: "DELETE" });
        toast("Withdrawn.");
        refresh();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        toast(error.words);
      }
    };
  });
  return button;
}

function rowOf(item) {
  const isPublished = item.status === "published";
  const living = !["refused", "failed", "withdrawn"].includes(item.status);
  const title = element("h2", {}, isPublished ? element("a", { href: `/item/${item.id}` }, item.title) : item.title);
  const told = [DATE.format(new Date(item.created_at))];
  if (item.kind === "slideshow") told.push("slideshow");
  if (item.language) told.push(languageName(item.language));
  if (item.cross_post) told.push("posted elsewhere before");
  const since = element("span", { class: "quiet" }, ` · ${told.join(" · ")}`);
  const state = element("p", { class: `state ${item.status}` }, STATES[item.status], since);
  const reason = item.reason ? element("p", {}, ...linked(item.reason)) : null;
  const held = item.imported_from
    ? element(
        "p",
        {},
        `Private to you: it was imported as a post of ${item.imported_from}. `,
        element("a", { href: "/identities" }, "Prove that account"),
        ", and what you allow holds.",
      )
    : null;
  const choices = item.status === "needs_sound" ? soundChoices(item) : null;
  const folds = isPublished ? [rightsOf(item), rulesOf(item)] : [];
  const from = isPublished ? credentialsOf(item) : null;
  const there = item.elsewhere ? elsewhereOf(item.elsewhere) : null;
  const refusal = item.learning_refused.length ? refusalOf(item.learning_refused) : null;
  const dispute = item.copy_of ? element("p", {}, disputeOf(item)) : null;
  const words = element("div", { class: "words-of" }, title, state, reason, dispute, choices, held, from, refusal, ...folds, there);
  return element("li", { class: "own", "data-id": item.id }, poster(item), words, living ? withdrawButton(item) : null);
}

function unfinishedRow(upload) {
  const share = Math.floor((100 * upload.offset) / upload.length);
  const state = element("p", { class: "state queued" }, `${share} % is here`);
  const until = DATE.format(new Date(upload.expires_at));
  const hint = element("p", {}, `Choose the same file again and it goes on from there, until ${until}.`);
  const words = element("div", { class: "words-of" }, element("h2", {}, upload.filename), state, hint);
  const goOn = element("a", { class: "button", href: "/upload" }, "Go on");
  return element("li", { class: "own" }, noPoster("strip"), words, goOn);
}

function nothing() {
  const more = element("p", { class: "quiet" }, "What you upload stands here, with all that happens to it.");
  return element("div", { class: "nothing" }, icon("uploads"), element("h2", {}, "Nothing here yet"), more);
}

/** Show the newest; while something is being made ready, ask again. */
async function refresh() {
  let told;
  try {
    told = await ownUploads();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    list.replaceChildren(element("p", { class: "error block" }, icon("alert"), error.words));
    return;
  }
  rulesDays = told.rules_days;
  const rows = [...told.unfinished.map(unfinishedRow), ...told.items.map(rowOf)];
  list.replaceChildren(rows.length ? element("ul", { class: "owns" }, ...rows) : nothing());
  list.setAttribute("aria-busy", "false");
  offerOlder(told.before);
  waitFor(told.items);
}

function waitFor(items) {
  if (!items.some((item) => ["queued", "processing"].includes(item.status))) return;
  setTimeout(async () => {
    const told = await ownUploads().catch(() => null);
    if (!told) return waitFor(items);
    for (const item of told.items) {
      const before = items.find(({ id }) => id === item.id);
      if (!before || before.status === item.status) continue;
      list.querySelector(`[data-id="${item.id}"]`)?.replaceWith(rowOf(item));
    }
    return waitFor(told.items);
  }, ASK_EVERY_MS);
}

function offerOlder(before) {
  older.hidden = !before;
  older.onclick = async () => {
    try {
      const told = await ownUploads(before);
      list.querySelector(".owns").append(...told.items.map(rowOf));
      offerOlder(told.before);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toast(error.words);
    }
  };
}

refresh();
