// Small things about the page itself: data that came with it, words for the viewer, what the device prefers.

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const TOAST_MS = 5_000;
const ICONS = document.querySelector(".work")?.dataset.icons ?? "";
export const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** The JSON that the server put into the page under `id`; null where there is none. */
export function data(id) {
  const block = document.getElementById(id);
  return block ? JSON.parse(block.textContent) : null;
}

/** 1234 → 1.2K */
export function compact(number) {
  return COMPACT.format(number);
}

/** One of twelve colours of a handle; the server's `hue` does the same sum. */
export function hue(handle) {
  let sum = 0;
  for (const letter of handle) sum += letter.codePointAt(0);
  return `hue-${sum % 12}`;
}

/** An element in one line: `element("a", { href, class: "plain" }, "words", child, …)`. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A picture of the sprite. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  picture.append(use);
  return picture;
}

/** Change which picture stands in `holder`. */
export function setIcon(holder, name) {
  holder.querySelector("use").setAttribute("href", `${ICONS}#${name}`);
}

/** Say something for some seconds, to eyes and to screen readers; with `act`, offer one thing to do about it. */
export function toast(words, { act = "", does = null } = {}) {
  const shown = element("div", { class: "toast" }, element("span", {}, words));
  if (act) {
    const button = element("button", { type: "button" }, act);
    button.addEventListener("click", () => {
      shown.remove();
      does();
    });
    shown.append(button);
  }
  const tray = document.getElementById("toasts");
  while (tray.childElementCount >= 2) tray.firstElementChild.remove();
  tray.append(shown);
  setTimeout(() => shown.remove(), act ? 2 * TOAST_MS : TOAST_MS);
}

/** Tell screen readers alone. */
export function announce(words) {
  const said = document.getElementById("said");
  if (said) said.textContent = words;
}
