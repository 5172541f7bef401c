// Sheets are native dialogs: the browser keeps the focus inside, closes on Escape and gives the focus back. This adds
// the close buttons, the tap beside the sheet, and word to the stage (event `sheet`) that something covers it.

import { element, icon } from "./page.js";

const known = new WeakSet();

function tell(open) {
  document.dispatchEvent(new CustomEvent("sheet", { detail: { open } }));
}

function prepare(dialog) {
  if (known.has(dialog)) return;
  known.add(dialog);
  dialog.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    if (!anySheetOpen()) tell(false);
  });
}

export function anySheetOpen() {
  return document.querySelector("dialog[open]") !== null;
}

/** An entry of a sheet's list: a button, or with `href` a link. `note` says more in small. */
export function row(picture, words, note, attributes = {}) {
  const name = attributes.href ? "a" : "button";
  const text = element("span", {}, words, note ? element("span", { class: "quiet" }, note) : null);
  const type = name === "button" ? "button" : null;
  return element("li", {}, element(name, { class: "row", type, ...attributes }, icon(picture), text));
}

/** Open the dialog with this id, and answer with it. Only one is open at a time. */
export function openSheet(id) {
  const dialog = document.getElementById(id);
  prepare(dialog);
  const wasOpen = anySheetOpen();
  for (const other of document.querySelectorAll("dialog[open]")) if (other !== dialog) other.close();
  if (!dialog.open) dialog.showModal();
  if (!wasOpen) tell(true);
  return dialog;
}
