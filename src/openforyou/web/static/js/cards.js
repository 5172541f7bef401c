// The cards that stand among the clips: the end, a break, a failed request, a wait. Each says what is so and what one
// can do, and nothing tries to keep anybody.

import { element, icon } from "./page.js";

function card(name, picture, words, choices = [], more = "") {
  const row = element("div", { class: "choices" });
  for (const { label, does, href, main } of choices) {
    const kind = main ? "button main" : "button";
    const choice = element(href ? "a" : "button", { class: kind, href, type: href ? null : "button" }, label);
    if (does) choice.addEventListener("click", does);
    row.append(choice);
  }
  const parts = [picture, element("h2", {}, words), more && element("p", {}, more), choices.length && row];
  const inner = element("div", { class: "inner" }, ...parts.filter(Boolean));
  return element("article", { class: `card ${name}`, tabindex: "-1", "aria-label": words }, inner);
}

/** Waiting for the next slate. */
export function waitCard() {
  return card("wait", element("span", { class: "spinner" }), "One moment");
}

/** A request failed; `words` are the server's. */
export function failCard(words, retry) {
  const choices = [{ label: "Try again", does: retry, main: true }];
  return card("fail", icon("offline"), "The next clips do not come", choices, words);
}

/** Nothing more in this feed. */
export function endCard(surface, retry, seenAny) {
  if (surface === "following") {
    const words = seenAny ? "You are up to date" : "Nothing here yet";
    const more = seenAny
      ? "That was everything new from those you follow."
      : "Follow creators you like, and their clips come here, newest first, with nothing in between.";
    const choices = [{ label: "Go to For You", href: "/", main: true }];
    return card("end", icon(seenAny ? "done" : "following"), words, choices, more);
  }
  const words = seenAny ? "You have seen everything here" : "No clips for you right now";
  const more = seenAny
    ? "Every clip that could be recommended to you has been on your screen. None comes back by itself."
    : "Either nothing was published yet, or you have seen it all. A clip that you saw does not come back.";
  const choices = [{ label: "Look again", does: retry, main: true }, { label: "Upload a clip", href: "/upload" }];
  return card("end", icon("done"), words, choices, more);
}

/** A break. `told` is `{ minutes }` or `{ clips }`. */
export function breakCard(told, goOn, stop) {
  const words = told.minutes ? `You watched for ${told.minutes} minutes` : `That was ${told.clips} clips`;
  const choices = [
    { label: "Enough for now", does: stop, main: true },
    { label: "Keep watching", does: goOn },
  ];
  const more = "A good place to stop, if you like. The rest will still be here. Breaks are yours to set in Settings.";
  return card("break", icon("rest"), words, choices, more);
}

/** After "Enough for now". */
export function restCard(goOn) {
  const choices = [{ label: "Start again", does: goOn }];
  return card("rest", icon("rest"), "See you another time", choices, "Nothing plays until you say so.");
}
