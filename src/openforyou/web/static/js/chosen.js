// The lists in the settings: languages, what was muted, what was asked for more of. Each entry can be taken back.

import { Refusal, call } from "./api.js";
import { clearErrors, showFieldError, showRefusal, whileWaiting } from "./forms.js";
import { languageName, nameLanguages } from "./languages.js";
import { fault, muteTyped, nameOf, unmute } from "./mutes.js";
import { element, icon, toast } from "./page.js";

const byId = (id) => document.getElementById(id);

/** Focus what stands where something was just taken out of `list`, or `otherwise`. */
function focusAfter(list, index, otherwise) {
  const buttons = list.querySelectorAll("button");
  (buttons[Math.min(index, buttons.length - 1)] ?? otherwise).focus();
}

// Languages

/** `save(languages, undo)` keeps them; `undo(error)` hears that it was refused. */
export function listenToLanguages(save) {
  const list = byId("languages");
  const select = byId("language");
  const field = list.closest(".field");
  let chosen = list.dataset.chosen.split(" ").filter(Boolean);

  function show() {
    chosen.sort((one, other) => languageName(one).localeCompare(languageName(other), "en"));
    list.replaceChildren(...chosen.map(chip));
    list.hidden = !chosen.length;
    byId("all-languages").hidden = chosen.length > 0;
  }

  function chip(tag, index) {
    const words = { class: "chip", type: "button", "aria-label": `Remove ${languageName(tag)}` };
    const button = element("button", words, languageName(tag), icon("close"));
    button.addEventListener("click", () => {
      choose(chosen.filter((other) => other !== tag));
      focusAfter(list, index, select);
    });
    return element("li", {}, button);
  }

  function choose(wanted) {
    const before = chosen;
    clearErrors(field);
    chosen = wanted;
    show();
    save(wanted, (error) => {
      chosen = before;
      show();
      showFieldError(field, "languages", error.words);
    });
  }

  nameLanguages(select);
  byId("add-language").addEventListener("click", () => {
    if (!select.value) return void showFieldError(field, "languages", "Choose a language first.");
    if (!chosen.includes(select.value)) choose([...chosen, select.value]);
    select.selectedIndex = 0;
  });
  show();
}

// Lists that the server keeps

/** A row with words and a button that takes it back. */
function takeBackRow(words, name, takeBack) {
  const button = element("button", { class: "button", type: "button", "aria-label": `Take back ${name}` }, "Take back");
  button.addEventListener("click", takeBack);
  return element("li", {}, words, button);
}

/** Fill the list `id` with what `ask` answers; below it stands what is said where there is nothing. */
async function fill(id, ask, rowOf) {
  const list = byId(id);
  const none = byId(`no-${id}`);
  try {
    list.replaceChildren(...(await ask()).map(rowOf));
    none.hidden = list.childElementCount > 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    list.replaceChildren(element("li", {}, error.words));
  }
  list.hidden = !list.childElementCount;
  list.setAttribute("aria-busy", "false");
}

/** Take something back, and show what is left. */
async function takeBack(list, index, act, refill, otherwise) {
  try {
    await act();
    await refill();
    focusAfter(list, index, otherwise);
    toast("Taken back.");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    toast(error.words);
  }
}

// What was muted

const NOTES = { creator: "Creator", sound: "Sound", topic: "Topic", word: "Word" };

function fillMutes() {
  const form = byId("mute-form");
  return fill(
    "mutes",
    async () => (await call("/v1/mutes")).mutes,
    (mute, index) => {
      const words = element("span", {}, nameOf(mute), element("span", { class: "quiet" }, NOTES[mute.kind]));
      return takeBackRow(words, nameOf(mute), () =>
        takeBack(byId("mutes"), index, () => unmute(mute), fillMutes, form.elements.key),
      );
    },
  );
}

function listenToMutes() {
  const form = byId("mute-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearErrors(form);
    const text = form.elements.key.value.trim();
    if (fault(text)) return void showFieldError(form, "key", fault(text));
    return whileWaiting(form, async () => {
      try {
        const muted = await muteTyped(text);
        form.reset();
        await fillMutes();
        toast(`Muted: ${nameOf(muted)}.`);
      } catch (error) {
        showRefusal(form, error, { "": "key" });
      }
    });
  });
}

// What was asked for more of

/** Show them; again after a reset, which forgets some. */
export function fillWishes() {
  const list = byId("wishes");
  return fill(
    "wishes",
    async () => (await call("/v1/wishes")).wishes,
    ({ item_id: id, title, poster_url: poster }, index) => {
      const name = title || "A clip that is gone";
      const picture = element("img", { src: poster || null, alt: "", loading: "lazy", hidden: !poster });
      const words = title ? element("a", { href: `/item/${id}`, class: "with-poster" }, picture, name) : name;
      const act = () => call(`/v1/wishes/${id}`, { method: "DELETE" });
      return takeBackRow(words, name, () => takeBack(list, index, act, fillWishes, byId("wished")));
    },
  );
}

listenToMutes();
fillMutes();
fillWishes();
