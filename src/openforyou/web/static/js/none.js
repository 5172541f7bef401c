// "Show me none of…": the sheet that offers what of a clip can be muted.

import { Refusal } from "./api.js";
import { clearErrors, showFieldError, showRefusal, whileWaiting } from "./forms.js";
import { toast } from "./page.js";
import { fault, mute, muteTyped } from "./mutes.js";
import { openSheet, row } from "./sheets.js";

/** Open it for `item`; `onMuted(mute)` hears what was muted. */
export function openNone(item, onMuted) {
  const sheet = openSheet("none");
  const choice = (picture, words, note, kind, key) => {
    const made = row(picture, words, note);
    made.firstElementChild.addEventListener("click", async () => {
      try {
        const muted = await mute(kind, key);
        sheet.close(); // First, so that the focus is back where it was.
        onMuted(muted);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        sheet.close();
        toast(error.words);
      }
    });
    return made;
  };
  const { creator, sound_id: sound, topics } = item;
  sheet
    .querySelector(".rows")
    .replaceChildren(
      choice("person", "This creator", `@${creator.handle}`, "creator", creator.id),
      ...(sound ? [choice("music", "This sound", "Every clip that is set to it", "sound", sound)] : []),
      ...topics.map((topic) => choice("topic", `#${topic}`, "Every clip with this topic", "topic", topic)),
    );
  listen(sheet, onMuted);
}

function listen(sheet, onMuted) {
  const form = sheet.querySelector("form");
  form.reset();
  clearErrors(form);
  form.onsubmit = (event) => {
    event.preventDefault();
    clearErrors(form);
    const text = form.elements.key.value.trim();
    if (fault(text)) return void showFieldError(form, "key", fault(text));
    return whileWaiting(form, async () => {
      try {
        const muted = await muteTyped(text);
        sheet.close();
        onMuted(muted);
      } catch (error) {
        showRefusal(form, error);
      }
    });
  };
}
