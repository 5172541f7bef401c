// "Why this?": what the record of the slate says about one clip, in words, and what one can do about it.

import { Refusal, call } from "./api.js";
import { element, toast } from "./page.js";
import { openSheet, row } from "./sheets.js";

function thumb(item) {
  const picture = element("img", { src: item.poster_url || null, alt: "", loading: "lazy" });
  return element("a", { href: `/item/${item.id}` }, picture, element("span", {}, item.title));
}

function section(words, ...children) {
  return element("section", {}, element("h3", {}, words), ...children);
}

function reasonOf(reason) {
  const thumbs = reason.items?.length ? element("div", { class: "thumbs" }, ...reason.items.map(thumb)) : null;
  return element("li", {}, element("p", { class: "lead" }, reason.text), thumbs);
}

function policiesOf(policies) {
  const rows = policies.map(({ id, name, text }) => {
    const link = element("a", { class: "plain", href: `/rules#${id}` }, name);
    return element("li", {}, link, `: ${text}`);
  });
  return element("ul", { class: "facts" }, ...rows);
}

function filled(told) {
  const parts = [element("ul", { class: "because" }, ...told.reasons.map(reasonOf))];
  if (told.rules?.length) {
    const rules = told.rules.map((rule) => element("li", {}, rule.text));
    parts.push(section("Rules that moved it", element("ul", { class: "facts" }, ...rules)));
  }
  if (told.policies?.length) parts.push(section("Published rules", policiesOf(told.policies)));
  if (told.sources?.length) {
    const sources = told.sources.map((source) => element("li", {}, source.text));
    parts.push(section("Where it was found", element("ul", { class: "facts" }, ...sources)));
  }
  return parts;
}

async function turnProfilingOff() {
  try {
    const controls = await call("/v1/controls");
    await call("/v1/controls", { method: "PUT", body: { ...controls, profiling: false } });
    const does = () => location.assign("/settings");
    toast("Profiling is off. The feed uses nothing of what you did.", { act: "Settings", does });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    toast(error.words);
  }
}

function choices(sheet, { wish, less, none }) {
  const rows = element(
    "ul",
    { class: "rows" },
    row("wish", "More like this", "Shows more like it in what comes next"),
    row("less", "Not interested", "Shows less like this"),
    row("none", "Show me none of…", "Its creator, its sound, a topic or a word"),
    row("person", "Turn profiling off", "The feed then uses nothing of what you did"),
    row("settings", "All settings", "", { href: "/settings" }),
  );
  const acts = [wish, less, none, turnProfilingOff];
  for (const [index, button] of rows.querySelectorAll("button").entries()) {
    button.addEventListener("click", () => {
      sheet.close();
      acts[index]();
    });
  }
  return section("What you can do", rows);
}

/** Open the sheet for a clip. `can` is what the viewer can do about it: `wish`, `less`, `none`. */
export async function openWhy(clip, can) {
  const sheet = openSheet("why");
  const body = sheet.querySelector(".body");
  body.replaceChildren(element("span", { class: "spinner" }), element("span", { class: "unseen" }, "Loading"));
  const query = new URLSearchParams({ request_id: clip.item.request_id, item_id: clip.item.id });
  try {
    body.replaceChildren(...filled(await call(`/v1/why?${query}`)), choices(sheet, can));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const again = element("button", { class: "button", type: "button" }, "Try again");
    again.addEventListener("click", () => openWhy(clip, can));
    body.replaceChildren(element("p", { class: "lead" }, error.words), again);
  }
}
