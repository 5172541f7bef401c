// The stage by keyboard. Letters can be turned off, because speech input types them (WCAG 2.2, 2.1.4).

import { anySheetOpen, openSheet } from "./sheets.js";
import { sound } from "./sound.js";

const STORED_UNDER = "openforyou.letter-keys";

export function letterKeysOn() {
  return localStorage.getItem(STORED_UNDER) !== "off";
}

/** Open the sheet that lists the keys. */
export function showKeys() {
  const sheet = openSheet("keys");
  const control = sheet.querySelector("#letter-keys");
  control.checked = letterKeysOn();
  control.onchange = () => localStorage.setItem(STORED_UNDER, control.checked ? "on" : "off");
}

const LETTERS = {
  j: (stage) => stage.go(1),
  k: (stage) => stage.go(-1),
  l: (stage) => stage.clip && stage.hooks.like(stage.clip, {}),
  m: () => sound.toggle(),
  w: (stage) => stage.clip && stage.hooks.why(stage.clip),
  "?": showKeys,
};

const MOVES = { ArrowDown: 1, PageDown: 1, ArrowUp: -1, PageUp: -1 };

/** Whether a key belongs to what has the focus: words to a field, space to a button. */
function isTaken(event) {
  const target = event.target;
  if (target.closest?.("dialog:not([open])")) return false; // Just closed, and the focus has not left it yet.
  if (target.closest?.("input, textarea, select, [contenteditable]")) return true;
  return event.key === " " && target.closest?.("button, a, summary, label") !== null;
}

/** What a key does; undefined where it is the browser's, as arrows are on a page that scrolls. */
function actOf(key, stage) {
  if (key in MOVES) return stage.single ? undefined : () => stage.go(MOVES[key]);
  if (key === " ") return () => stage.clip?.toggle();
  return letterKeysOn() ? LETTERS[key.toLowerCase()] : undefined;
}

export function listenToKeys(stage) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || anySheetOpen() || isTaken(event)) return;
    const act = actOf(event.key, stage);
    if (!act) return;
    event.preventDefault();
    act(stage);
  });
}
